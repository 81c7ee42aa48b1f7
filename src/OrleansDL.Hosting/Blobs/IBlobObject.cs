namespace OrleansDL.Blobs;

/// <summary>An open object of a backend: bytes as they are stored, not yet verified.</summary>
internal interface IBlobObject : IDisposable
{
    long Length { get; }

    /// <summary>Reads from a position until the buffer is full.</summary>
    /// <exception cref="EndOfStreamException">The object is shorter than that.</exception>
    ValueTask ReadAsync(long position, Memory<byte> buffer, CancellationToken cancellationToken);
}
