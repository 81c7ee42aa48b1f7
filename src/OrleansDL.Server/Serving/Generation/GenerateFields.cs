using System.Text.Json;
using OrleansDL.Serving.Protocol;

namespace OrleansDL.Serving.Generation;

/// <summary>The fields by which a request says how its text is to be continued, by the names that OpenAI's and the inference protocol's callers use.</summary>
internal static class GenerateFields
{
    /// <param name="text">The text to continue.</param>
    /// <param name="find">Gives a field of the request; null when it has none.</param>
    /// <param name="temperature">Where the request names none.</param>
    /// <exception cref="InferenceProtocolException">A field is of the wrong type.</exception>
    public static GenerateRequest Read(string text, Func<string, JsonElement?> find, double temperature = 0) => new()
    {
        Text = text,
        MaximumTokens = Integer(find("max_tokens"), "max_tokens") is { } tokens ? (int)Math.Clamp(tokens, int.MinValue, int.MaxValue) : GenerateRequest.DefaultMaximumTokens,
        Temperature = Number(find("temperature"), "temperature") ?? temperature,
        TopK = (int)Math.Clamp(Integer(find("top_k"), "top_k") ?? 0, int.MinValue, int.MaxValue),
        TopP = Number(find("top_p"), "top_p") ?? 1,
        Seed = Integer(find("seed"), "seed") is { } seed ? (ulong)seed : Generations.NewSeed(),
        Stop = Texts(find("stop"), "stop"),
        TimeoutMicroseconds = Integer(find("timeout"), "timeout") ?? 0,
    };

    public static bool? Flag(JsonElement? value, string name) => value?.ValueKind switch
    {
        null or JsonValueKind.Null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong(name, "true or false"),
    };

    public static long? Integer(JsonElement? value, string name) => value switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt64(out var integer) => integer,
        _ => throw Wrong(name, "an integer"),
    };

    private static double? Number(JsonElement? value, string name) => value switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Number } number => number.GetDouble(),
        _ => throw Wrong(name, "a number"),
    };

    private static IReadOnlyList<string> Texts(JsonElement? value, string name) => value switch
    {
        null or { ValueKind: JsonValueKind.Null } => [],
        { ValueKind: JsonValueKind.String } text => [text.GetString()!],
        { ValueKind: JsonValueKind.Array } list when list.EnumerateArray().All(item => item.ValueKind is JsonValueKind.String) =>
            [.. list.EnumerateArray().Select(item => item.GetString()!)],
        _ => throw Wrong(name, "a text or a list of texts"),
    };

    private static InferenceProtocolException Wrong(string name, string wanted) => InferenceProtocolException.Invalid($"'{name}' is {wanted}");
}
