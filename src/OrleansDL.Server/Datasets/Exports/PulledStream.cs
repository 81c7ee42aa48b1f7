namespace OrleansDL.Datasets.Exports;

/// <summary>Bytes of a known number that are made while they are read: a file of an archive that is nowhere whole.</summary>
internal sealed class PulledStream(long length, IAsyncEnumerable<ReadOnlyMemory<byte>> pieces) : Stream
{
    private readonly IAsyncEnumerator<ReadOnlyMemory<byte>> _pieces = pieces.GetAsyncEnumerator();
    private ReadOnlyMemory<byte> _piece;
    private long _position;

    public override bool CanRead => true;

    // The archive's writer asks only for length and position, which are known.
    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_piece.IsEmpty)
        {
            if (!await _pieces.MoveNextAsync())
            {
                return _position == length ? 0 : throw new InvalidDataException($"{_position} bytes came where {length} were announced.");
            }

            _piece = _pieces.Current;
        }

        var count = Math.Min(buffer.Length, _piece.Length);
        _piece[..count].CopyTo(buffer);
        _piece = _piece[count..];
        _position += count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("This stream is read asynchronously.");

    public override async ValueTask DisposeAsync()
    {
        await _pieces.DisposeAsync();
        await base.DisposeAsync();
    }

    public override void Flush()
    {
        // Nothing is ever written.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
