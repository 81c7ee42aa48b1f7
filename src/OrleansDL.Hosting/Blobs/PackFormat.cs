using System.Buffers.Binary;
using System.Security.Cryptography;

namespace OrleansDL.Blobs;

/// <summary>The bytes of a pack: a magic, the blobs, their index and a footer that names the index by its digest.</summary>
/// <remarks>All numbers are little-endian. An index entry is the blob's SHA-256 (32 bytes), its position (8) and its length (4), in
/// the order of the blobs. The footer is the position of the index (8), the number of entries (4), the SHA-256 of the index (32) and
/// the magic (8). That digest is the pack's id: a pack needs no database to be read, and is never hashed as a whole.</remarks>
internal static class PackFormat
{
    public const int EntryBytes = 44;
    public const int FooterBytes = 52;

    public static ReadOnlySpan<byte> Magic => "ODLPACK1"u8;

    /// <summary>What follows the last blob: index and footer.</summary>
    public static (string Pack, byte[] Tail) End(IReadOnlyList<PackEntry> entries, long position)
    {
        var tail = new byte[(entries.Count * EntryBytes) + FooterBytes];
        var at = tail.AsSpan();
        foreach (var entry in entries)
        {
            Convert.FromHexString(entry.Blob.Hex, at, out _, out _);
            BinaryPrimitives.WriteInt64LittleEndian(at[32..], entry.Position);
            BinaryPrimitives.WriteInt32LittleEndian(at[40..], entry.Bytes);
            at = at[EntryBytes..];
        }

        var digest = SHA256.HashData(tail.AsSpan(0, tail.Length - FooterBytes));
        BinaryPrimitives.WriteInt64LittleEndian(at, position);
        BinaryPrimitives.WriteInt32LittleEndian(at[8..], entries.Count);
        digest.CopyTo(at[12..]);
        Magic.CopyTo(at[44..]);
        return (Convert.ToHexStringLower(digest), tail);
    }

    /// <summary>Reads a footer.</summary>
    /// <param name="footer">The last <see cref="FooterBytes"/> bytes of a pack.</param>
    /// <param name="length">The pack's length.</param>
    /// <returns>Where the index lies and its digest, or null when these are not the last bytes of a pack.</returns>
    public static (long Position, int Count, string Pack)? ReadFooter(ReadOnlySpan<byte> footer, long length)
    {
        if (footer.Length != FooterBytes || !footer[44..].SequenceEqual(Magic))
        {
            return null;
        }

        var position = BinaryPrimitives.ReadInt64LittleEndian(footer);
        var count = BinaryPrimitives.ReadInt32LittleEndian(footer[8..]);
        return count >= 0 && position >= Magic.Length && position + ((long)count * EntryBytes) + FooterBytes == length
            ? (position, count, Convert.ToHexStringLower(footer.Slice(12, 32)))
            : null;
    }

    /// <summary>Reads an index.</summary>
    /// <returns>The entries, or null when the bytes do not have the digest that the footer gives.</returns>
    public static IReadOnlyList<PackEntry>? ReadIndex(ReadOnlySpan<byte> index, string pack)
    {
        if (Convert.ToHexStringLower(SHA256.HashData(index)) != pack)
        {
            return null;
        }

        var entries = new PackEntry[index.Length / EntryBytes];
        for (var i = 0; i < entries.Length; i++)
        {
            var at = index[(i * EntryBytes)..];
            entries[i] = new PackEntry(BlobId.FromHash(at[..32]), BinaryPrimitives.ReadInt64LittleEndian(at[32..]), BinaryPrimitives.ReadInt32LittleEndian(at[40..]));
        }

        return entries;
    }
}
