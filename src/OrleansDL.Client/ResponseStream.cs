namespace OrleansDL;

/// <summary>A response's body that takes the response with it when it is closed.</summary>
internal sealed class ResponseStream(HttpResponseMessage answer, Stream body) : Stream
{
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => answer.Content.Headers.ContentLength ?? throw new NotSupportedException("The length is not known beforehand.");
    public override long Position { get => body.Position; set => throw new NotSupportedException("A response is read once, forwards."); }

    public override int Read(byte[] buffer, int offset, int count) => body.Read(buffer, offset, count);
    public override int Read(Span<byte> buffer) => body.Read(buffer);
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => body.ReadAsync(buffer, cancellationToken);
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        body.ReadAsync(buffer, offset, count, cancellationToken);
    public override void Flush() => throw new NotSupportedException("A response is only read.");
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("A response is read once, forwards.");
    public override void SetLength(long value) => throw new NotSupportedException("A response is only read.");
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("A response is only read.");

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            body.Dispose();
            answer.Dispose();
        }

        base.Dispose(disposing);
    }
}
