using System.Text.Json;

namespace OrleansDL.Serving.Protocol;

/// <summary>The body of a request that changes settings: one JSON object of names and values, or nothing.</summary>
internal static class SettingsBody
{
    public const int MaximumBytes = 8 * 1024 * 1024;

    /// <exception cref="InferenceProtocolException">It is no JSON object.</exception>
    public static IReadOnlyList<(string Name, JsonElement Value)> Read(ReadOnlyMemory<byte> body)
    {
        if (body.IsEmpty)
        {
            return [];
        }

        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind is JsonValueKind.Object
                ? [.. json.RootElement.EnumerateObject().Select(member => (member.Name, member.Value.Clone()))]
                : throw InferenceProtocolException.Invalid("failed to parse the request JSON buffer: an object is expected.");
        }
        catch (JsonException error)
        {
            throw JsonFault.Of(error, body.Span);
        }
        catch (InvalidOperationException error)
        {
            throw JsonFault.NoText(error);
        }
    }
}
