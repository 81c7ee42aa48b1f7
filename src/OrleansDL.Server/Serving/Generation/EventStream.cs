using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace OrleansDL.Serving.Generation;

/// <summary>An answer that is sent as it comes, each part an event of its own.</summary>
internal sealed class EventStream(HttpContext context)
{
    private readonly ArrayBufferWriter<byte> _event = new();

    /// <summary>Sends the head. From here on an error is a part of the answer.</summary>
    public void Begin()
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-cache";
    }

    public async Task WriteAsync(Action<Utf8JsonWriter> write)
    {
        _event.ResetWrittenCount();
        _event.Write("data: "u8);
        using (var json = new Utf8JsonWriter(_event))
        {
            write(json);
        }

        _event.Write("\n\n"u8);
        await SendAsync();
    }

    /// <summary>An event of this text alone.</summary>
    public async Task WriteAsync(ReadOnlyMemory<byte> text)
    {
        _event.ResetWrittenCount();
        _event.Write("data: "u8);
        _event.Write(text.Span);
        _event.Write("\n\n"u8);
        await SendAsync();
    }

    private async Task SendAsync()
    {
        context.Response.BodyWriter.Write(_event.WrittenSpan);
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }
}
