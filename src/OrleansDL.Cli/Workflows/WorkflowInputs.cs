using System.Text.Json;

namespace OrleansDL.Workflows;

/// <summary>Inputs as they are written on a command line: NAME=VALUE, where VALUE is JSON or else a text.</summary>
internal static class WorkflowInputs
{
    public static JsonElement? Parse(IReadOnlyList<string> pairs)
    {
        if (pairs.Count == 0)
        {
            return null;
        }

        var inputs = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var pair in pairs)
        {
            var (name, value) = pair.IndexOf('=', StringComparison.Ordinal) is > 0 and var at
                ? (pair[..at], pair[(at + 1)..])
                : throw new InvalidException($"'{pair}' is no input. Write NAME=VALUE.");
            inputs[name] = Value(value);
        }

        return JsonSerializer.SerializeToElement(inputs);
    }

    private static JsonElement Value(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(text);
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(text);
        }
    }
}
