using System.Security.Cryptography;

namespace OrleansDL.Blobs;

/// <summary>Reads packs without the database.</summary>
internal static class PackReader
{
    /// <summary>The entries of a pack, or null when its footer or index is damaged or is not that pack's.</summary>
    public static async Task<IReadOnlyList<PackEntry>?> IndexAsync(IBlobObject stored, string pack, CancellationToken cancellationToken)
    {
        if (stored.Length < PackFormat.FooterBytes)
        {
            return null;
        }

        var footer = new byte[PackFormat.FooterBytes];
        await stored.ReadAsync(stored.Length - footer.Length, footer, cancellationToken);
        if (PackFormat.ReadFooter(footer, stored.Length) is not { } end || end.Pack != pack)
        {
            return null;
        }

        var index = new byte[end.Count * PackFormat.EntryBytes];
        await stored.ReadAsync(end.Position, index, cancellationToken);
        return PackFormat.ReadIndex(index, pack);
    }

    /// <summary>The bytes of one entry, or null when they are damaged.</summary>
    public static async Task<byte[]?> ReadAsync(IBlobObject stored, PackEntry entry, CancellationToken cancellationToken)
    {
        var bytes = new byte[entry.Bytes];
        try
        {
            await stored.ReadAsync(entry.Position, bytes, cancellationToken);
        }
        catch (EndOfStreamException)
        {
            return null;
        }

        return BlobId.FromHash(SHA256.HashData(bytes)) == entry.Blob ? bytes : null;
    }
}
