using System.Net;

namespace OrleansDL.Tests.Serving.Conformance;

/// <summary>A body of so many chunks of one letter each.</summary>
internal sealed class ChunkedContent(int chunks) : HttpContent
{
    private static readonly byte[] Letter = "A"u8.ToArray();

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        for (var chunk = 0; chunk < chunks; chunk++)
        {
            await stream.WriteAsync(Letter);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
