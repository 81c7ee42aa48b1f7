using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace OrleansDL.Serving.Protocol;

/// <summary>The body of <c>POST /v2/repository/index</c>: empty, or <c>{"ready": true}</c> to list ready models only.</summary>
internal static class IndexRequest
{
    public static async Task<bool> ReadAsync(HttpContext context)
    {
        var body = await RequestBody.ReadAsync(context, SettingsBody.MaximumBytes, keep: true);
        body.Parsed();
        try
        {
            if (body.Bytes.IsEmpty)
            {
                return false;
            }

            using var json = JsonDocument.Parse(body.Bytes);
            if (json.RootElement.ValueKind is not JsonValueKind.Object || !json.RootElement.TryGetProperty("ready", out var ready))
            {
                return false;
            }

            return ready.ValueKind switch
            {
                JsonValueKind.True => true,
                JsonValueKind.False => false,
                _ => throw InferenceProtocolException.Invalid("Invalid value for 'ready': expected a boolean"),
            };
        }
        catch (JsonException error)
        {
            throw JsonFault.Of(error, body.Bytes.Span);
        }
        finally
        {
            body.Return();
        }
    }
}
