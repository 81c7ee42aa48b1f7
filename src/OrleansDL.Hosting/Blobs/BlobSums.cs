using System.Buffers.Binary;
using System.IO.Hashing;

namespace OrleansDL.Blobs;

/// <summary>Checksums of a large blob, one per block of 1 MiB, so that a part of it can be verified without the rest.</summary>
/// <remarks>They lie beside the blob: magic, block size (4 bytes), the blob's length (8), an XXH128 (16) per block, and the XXH128 of
/// all that. Numbers are little-endian. They tell damage, not malice: the digest is the blob's name.</remarks>
internal sealed class BlobSums
{
    public const int BlockBytes = 1 << 20;
    public const int SumBytes = 16;
    private const int HeadBytes = 20;
    private readonly ReadOnlyMemory<byte> _sums;

    private BlobSums(long length, ReadOnlyMemory<byte> sums)
    {
        Length = length;
        _sums = sums;
    }

    private static ReadOnlySpan<byte> Magic => "ODLSUMS1"u8;

    /// <summary>The blob's length.</summary>
    public long Length { get; }

    /// <summary>Whether a block is what it was when the blob was stored.</summary>
    public bool Match(int block, ReadOnlySpan<byte> bytes)
    {
        Span<byte> sum = stackalloc byte[SumBytes];
        XxHash128.Hash(bytes, sum);
        return sum.SequenceEqual(_sums.Span.Slice(block * SumBytes, SumBytes));
    }

    public static BlobSums Of(long length, ReadOnlyMemory<byte> sums) => new(length, sums);

    public byte[] ToBytes()
    {
        var bytes = new byte[HeadBytes + _sums.Length + SumBytes];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), BlockBytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(12), Length);
        _sums.Span.CopyTo(bytes.AsSpan(HeadBytes));
        XxHash128.Hash(bytes.AsSpan(0, bytes.Length - SumBytes), bytes.AsSpan(bytes.Length - SumBytes));
        return bytes;
    }

    /// <summary>Reads them, or answers null when they are not whole or not those of a blob of this length.</summary>
    public static BlobSums? Read(ReadOnlyMemory<byte> bytes, long length)
    {
        var sums = bytes.Length - HeadBytes - SumBytes;
        if (sums != SizeOf(length) || !bytes.Span.StartsWith(Magic)
            || BinaryPrimitives.ReadInt32LittleEndian(bytes.Span[8..]) != BlockBytes || BinaryPrimitives.ReadInt64LittleEndian(bytes.Span[12..]) != length)
        {
            return null;
        }

        Span<byte> own = stackalloc byte[SumBytes];
        XxHash128.Hash(bytes.Span[..^SumBytes], own);
        return own.SequenceEqual(bytes.Span[^SumBytes..]) ? new BlobSums(length, bytes.Slice(HeadBytes, sums)) : null;
    }

    private static long SizeOf(long length) => (length + BlockBytes - 1) / BlockBytes * SumBytes;
}
