namespace OrleansDL.Blobs;

/// <summary>An open object of a backend: bytes as they are stored, not yet verified.</summary>
internal interface IBlobObject : IDisposable
{
    long Length { get; }

    /// <summary>Reads from a position until the buffer is full.</summary>
    /// <exception cref="EndOfStreamException">The object is shorter than that.</exception>
    ValueTask ReadAsync(long position, Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>As <see cref="ReadAsync"/>, for readers that cannot wait.</summary>
    void Read(long position, Span<byte> buffer);

    /// <summary>Throws away what this machine holds of it, because it was found damaged. Answers whether reading again may help.</summary>
    bool Forget();
}
