using System.Net;

namespace OrleansDL.Tests.Datasets;

/// <summary>A body whose sender dies after some bytes of those it announced.</summary>
internal sealed class DyingContent(ReadOnlyMemory<byte> content, int sent) : HttpContent
{
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await stream.WriteAsync(content[..sent]);
        await stream.FlushAsync();
        if (sent < content.Length)
        {
            throw new IOException("The client is no more.");
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = content.Length;
        return true;
    }
}
