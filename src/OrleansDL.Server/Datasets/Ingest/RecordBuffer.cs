using System.Buffers;

namespace OrleansDL.Datasets.Ingest;

/// <summary>A pooled window on a stream that grows only as far as one record needs.</summary>
internal sealed class RecordBuffer(Stream stream, int maximum) : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(256 * 1024);
    private int _start;
    private int _end;

    public bool Completed { get; private set; }

    public ReadOnlyMemory<byte> Pending => _buffer.AsMemory(_start, _end - _start);

    /// <summary>How many bytes of the stream were consumed.</summary>
    public long Position { get; private set; }

    public void Consume(int count)
    {
        _start += count;
        Position += count;
    }

    /// <summary>Reads more behind what is pending.</summary>
    /// <returns>False when what is pending has reached the maximum.</returns>
    public async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_start > 0)
        {
            Buffer.BlockCopy(_buffer, _start, _buffer, 0, _end - _start);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
        {
            if (_end >= maximum)
            {
                return false;
            }

            var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(2L * _buffer.Length, Array.MaxLength));
            Buffer.BlockCopy(_buffer, 0, larger, 0, _end);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
        Completed = read == 0;
        _end += read;
        return true;
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);
}
