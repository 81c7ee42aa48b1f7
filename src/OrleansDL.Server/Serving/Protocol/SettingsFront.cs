using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using OrleansDL.Serving.Logs;
using OrleansDL.Serving.Rpc;
using OrleansDL.Serving.Tracing;

namespace OrleansDL.Serving.Protocol;

/// <summary>Settings of the server over REST: tracing and logs. GET tells them, POST changes what its body names and tells them then.</summary>
internal sealed class SettingsFront(InferenceFront front, TraceFront traces, LogFront logs)
{
    public Task TraceAsync(HttpContext context) => front.GuardAsync(context, async () =>
    {
        var settings = await traces.AnswerAsync(context, context.Request.RouteValues["model"] as string, await BodyAsync(context, TraceFront.Changes));
        await SendAsync(context, TraceFront.ToJson(settings));
    });

    public Task LogAsync(HttpContext context) => front.GuardAsync(context, async () =>
    {
        var response = await logs.AnswerAsync(context, await BodyAsync(context, LogFront.Parse));
        await SendAsync(context, LogFront.ToJson(response));
    });

    private static async Task<T> BodyAsync<T>(HttpContext context, Func<ReadOnlyMemory<byte>, T> parse)
    {
        if (HttpMethods.IsGet(context.Request.Method))
        {
            return parse(default);
        }

        var body = await RequestBody.ReadAsync(context, SettingsBody.MaximumBytes, keep: true);
        try
        {
            return parse(body.Bytes);
        }
        finally
        {
            body.Parsed();
            body.Return();
        }
    }

    private static async Task SendAsync(HttpContext context, JsonObject json)
    {
        var bytes = ProtocolJson.Serialize(json);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = bytes.Length;
        await context.Response.BodyWriter.WriteAsync(bytes);
    }
}
