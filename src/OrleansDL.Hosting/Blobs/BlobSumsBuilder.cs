using System.Buffers;
using System.IO.Hashing;

namespace OrleansDL.Blobs;

/// <summary>Makes <see cref="BlobSums"/> while bytes stream by.</summary>
internal sealed class BlobSumsBuilder
{
    private readonly XxHash128 _block = new();
    private readonly ArrayBufferWriter<byte> _sums = new();
    private int _filled;
    private long _length;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        _length += bytes.Length;
        while (bytes.Length > 0)
        {
            var part = bytes[..Math.Min(bytes.Length, BlobSums.BlockBytes - _filled)];
            _block.Append(part);
            _filled += part.Length;
            bytes = bytes[part.Length..];
            if (_filled == BlobSums.BlockBytes)
            {
                EndBlock();
            }
        }
    }

    public BlobSums Finish()
    {
        if (_filled > 0)
        {
            EndBlock();
        }

        return BlobSums.Of(_length, _sums.WrittenMemory);
    }

    private void EndBlock()
    {
        Span<byte> sum = stackalloc byte[BlobSums.SumBytes];
        _block.GetHashAndReset(sum);
        _sums.Write(sum);
        _filled = 0;
    }
}
