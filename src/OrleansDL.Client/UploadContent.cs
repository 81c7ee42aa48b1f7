using System.Net;
using System.Net.Http.Headers;

namespace OrleansDL;

/// <summary>A request body written as it goes out, telling how far it is.</summary>
internal sealed class UploadContent : HttpContent
{
    private const int BufferSize = 128 * 1024;

    private readonly Func<Stream, CancellationToken, Task> _write;
    private readonly long? _length;

    public UploadContent(Func<Stream, CancellationToken, Task> write, long? length = null)
    {
        _write = write;
        _length = length;
        Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
    }

    /// <summary>The rest of a stream, from where it stands; a stream that can seek is read from there again on a retry.</summary>
    public static Func<HttpContent> Of(Stream source, IProgress<long>? progress)
    {
        var start = source.CanSeek ? source.Position : 0;
        var used = false;
        return () =>
        {
            if (used && !source.CanSeek)
            {
                throw new UnreachableException("The connection was lost while uploading, and the source cannot be read again. Start the upload again.");
            }

            used = true;
            if (source.CanSeek)
            {
                source.Position = start;
            }

            return new UploadContent((target, cancellationToken) => CopyAsync(source, target, progress, cancellationToken), source.CanSeek ? source.Length - start : null);
        };
    }

    public static async Task CopyAsync(Stream source, Stream target, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferSize];
        long sent = 0;
        int read;
        while ((read = await source.ReadAsync(buffer, cancellationToken)) > 0)
        {
            await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            sent += read;
            progress?.Report(sent);
        }
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => _write(stream, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        _write(stream, cancellationToken);

    protected override bool TryComputeLength(out long length)
    {
        length = _length ?? 0;
        return _length is not null;
    }
}
