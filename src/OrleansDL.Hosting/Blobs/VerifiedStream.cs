using System.Buffers;

namespace OrleansDL.Blobs;

/// <summary>A large blob, read block by block: no byte is handed out before its block was found to be what was stored.</summary>
/// <param name="source">The stored bytes; disposed with the stream.</param>
/// <param name="sums">The checksums of the blocks.</param>
/// <param name="damaged">Makes the error that names the blob, given the first byte of a block that does not match.</param>
internal sealed class VerifiedStream(IBlobObject source, BlobSums sums, Func<long, Exception> damaged) : Stream
{
    private byte[]? _buffer = ArrayPool<byte>.Shared.Rent(BlobSums.BlockBytes);
    private int _block = -1;
    private long _position;

    public override bool CanRead => true;
    public override bool CanSeek => true;
    public override bool CanWrite => false;
    public override long Length => sums.Length;

    public override long Position
    {
        get => _position;
        set => _position = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(value));
    }

    private byte[] Buffer => _buffer ?? throw new ObjectDisposedException(nameof(VerifiedStream));

    public override int Read(Span<byte> buffer)
    {
        if (_position >= Length || buffer.Length == 0)
        {
            return 0;
        }

        var block = (int)(_position / BlobSums.BlockBytes);
        if (block != _block)
        {
            var (first, length) = Enter(block);
            source.Read(first, Buffer.AsSpan(0, length));
            if (!sums.Match(block, Buffer.AsSpan(0, length)))
            {
                if (source.Forget())
                {
                    source.Read(first, Buffer.AsSpan(0, length));
                }

                Check(block, first, length);
            }

            _block = block;
        }

        return Take(buffer);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position >= Length || buffer.Length == 0)
        {
            return 0;
        }

        // A reader of whole blocks gets them without a copy.
        if (_position % BlobSums.BlockBytes == 0 && buffer.Length >= LengthOf((int)(_position / BlobSums.BlockBytes)))
        {
            var block = (int)(_position / BlobSums.BlockBytes);
            var whole = buffer[..LengthOf(block)];
            await source.ReadAsync(_position, whole, cancellationToken);
            if (sums.Match(block, whole.Span))
            {
                _position += whole.Length;
                return whole.Length;
            }

            whole.Span.Clear();
        }

        await LoadAsync(cancellationToken);
        return Take(buffer.Span);
    }

    public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
    {
        while (_position < Length)
        {
            await LoadAsync(cancellationToken);
            var from = (int)(_position % BlobSums.BlockBytes);
            var part = Buffer.AsMemory(from, LengthOf(_block) - from);
            await destination.WriteAsync(part, cancellationToken);
            _position += part.Length;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => Length + offset,
    };

    public override void Flush()
    {
        // Nothing is written.
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && _buffer is { } buffer)
        {
            _buffer = null;
            ArrayPool<byte>.Shared.Return(buffer);
            source.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask LoadAsync(CancellationToken cancellationToken)
    {
        var block = (int)(_position / BlobSums.BlockBytes);
        if (block == _block)
        {
            return;
        }

        var (first, length) = Enter(block);
        await source.ReadAsync(first, Buffer.AsMemory(0, length), cancellationToken);
        if (!sums.Match(block, Buffer.AsSpan(0, length)))
        {
            if (source.Forget())
            {
                await source.ReadAsync(first, Buffer.AsMemory(0, length), cancellationToken);
            }

            Check(block, first, length);
        }

        _block = block;
    }

    private (long First, int Length) Enter(int block)
    {
        _block = -1;
        return ((long)block * BlobSums.BlockBytes, LengthOf(block));
    }

    private int LengthOf(int block) => (int)Math.Min(BlobSums.BlockBytes, Length - ((long)block * BlobSums.BlockBytes));

    private void Check(int block, long first, int length)
    {
        if (!sums.Match(block, Buffer.AsSpan(0, length)))
        {
            throw damaged(first);
        }
    }

    private int Take(Span<byte> buffer)
    {
        var from = (int)(_position % BlobSums.BlockBytes);
        var length = Math.Min(buffer.Length, LengthOf(_block) - from);
        Buffer.AsSpan(from, length).CopyTo(buffer);
        _position += length;
        return length;
    }
}
