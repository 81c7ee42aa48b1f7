using System.Text.Json;
using Microsoft.AspNetCore.Http;
using OrleansDL.Serving.Protocol;

namespace OrleansDL.Serving.Generation;

/// <summary>A flat JSON body: what stands in its <c>parameters</c> counts as if it stood beside them.</summary>
internal sealed class GenerateBody
{
    private readonly Dictionary<string, JsonElement> _fields = new(StringComparer.Ordinal);
    private readonly List<(string Name, JsonElement Value)> _inOrder = [];

    private GenerateBody(JsonElement root)
    {
        foreach (var member in root.EnumerateObject())
        {
            if (member.Name == "parameters" && member.Value.ValueKind is JsonValueKind.Object)
            {
                foreach (var parameter in member.Value.EnumerateObject())
                {
                    _fields.TryAdd(parameter.Name, parameter.Value);
                    _inOrder.Add((parameter.Name, parameter.Value));
                }
            }
            else
            {
                _fields[member.Name] = member.Value;
                _inOrder.Add((member.Name, member.Value));
            }
        }
    }

    /// <summary>The fields as they are written, one that is there twice included.</summary>
    public IReadOnlyList<(string Name, JsonElement Value)> InOrder => _inOrder;

    /// <summary>A field; null when there is none.</summary>
    public JsonElement? this[string name] => _fields.TryGetValue(name, out var value) ? value : null;

    /// <exception cref="InferenceProtocolException">The field is no text.</exception>
    public string? Text(string name) => this[name] switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        _ => throw InferenceProtocolException.Invalid($"'{name}' is a text"),
    };

    /// <exception cref="InferenceProtocolException">The body is no JSON object, compressed or too large.</exception>
    public static async Task<GenerateBody> ReadAsync(HttpContext context, int maximumBytes)
    {
        if (context.Request.Headers.ContentEncoding.ToString() is { Length: > 0 } encoding && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            throw InferenceProtocolException.Invalid("Unsupported content-encoding, only 'identity' is supported.");
        }

        var body = await RequestBody.ReadAsync(context, maximumBytes, keep: false);
        try
        {
            using var document = JsonDocument.Parse(body.Bytes.ToArray(), new JsonDocumentOptions { MaxDepth = InferenceRequestReader.MaximumDepth });
            return document.RootElement.ValueKind is JsonValueKind.Object
                ? new GenerateBody(document.RootElement.Clone())
                : throw InferenceProtocolException.Invalid("failed to parse the request JSON buffer: an object is expected. at 0");
        }
        catch (JsonException error)
        {
            throw JsonFault.Of(error, body.Bytes.Span);
        }
        catch (InvalidOperationException error)
        {
            throw JsonFault.NoText(error);
        }
        finally
        {
            body.Parsed();
            body.Return();
        }
    }
}
