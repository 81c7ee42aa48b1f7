using System.Text.Json;
using OrleansDL.Serving.Generation;

namespace OrleansDL.Serving.OpenAi;

/// <summary>Reads what completions and chat completions have in common.</summary>
internal static class OpenAiRequest
{
    /// <summary>What callers may ask for and we have not: refused rather than ignored, unless it asks for nothing.</summary>
    private static readonly string[] Unknown =
        ["logprobs", "top_logprobs", "echo", "suffix", "logit_bias", "presence_penalty", "frequency_penalty", "tools", "tool_choice", "functions", "function_call", "response_format"];

    /// <exception cref="OpenAiException">A field is missing or of the wrong type.</exception>
    public static string Text(GenerateBody body, string field) => body[field] is { ValueKind: JsonValueKind.String } value
        ? value.GetString()!
        : throw OpenAiException.Invalid($"'{field}' is missing, or no text.", field);

    /// <summary>One text or a list of them.</summary>
    /// <exception cref="OpenAiException">It is neither.</exception>
    public static IReadOnlyList<string> Texts(GenerateBody body, string field) => body[field] switch
    {
        { ValueKind: JsonValueKind.String } text => [text.GetString()!],
        { ValueKind: JsonValueKind.Array } list when list.GetArrayLength() is >= 1 and <= 2048 && list.EnumerateArray().All(item => item.ValueKind is JsonValueKind.String) =>
            [.. list.EnumerateArray().Select(item => item.GetString()!)],
        _ => throw OpenAiException.Invalid($"'{field}' is a text, or a list of 1 to 2048 texts; tokens are not taken.", field),
    };

    /// <param name="body">The request.</param>
    /// <param name="text">The text to continue.</param>
    /// <param name="maximumTokens">Where the request names no number.</param>
    /// <exception cref="OpenAiException">A field is out of its range, or asks for what is not there.</exception>
    public static GenerateRequest Read(GenerateBody body, string text, int maximumTokens)
    {
        foreach (var field in Unknown)
        {
            if (body[field] is { } value && AsksForSomething(value))
            {
                throw OpenAiException.Invalid($"'{field}' is not supported.", field);
            }
        }

        foreach (var field in (string[])["n", "best_of"])
        {
            if (GenerateFields.Integer(body[field], field) is not (null or 1))
            {
                throw OpenAiException.Invalid($"'{field}' can only be 1.", field);
            }
        }

        // OpenAI's temperature is 1 where none is named.
        var request = GenerateFields.Read(text, name => body[name], temperature: 1);
        var wanted = GenerateFields.Integer(body["max_completion_tokens"], "max_completion_tokens") ?? GenerateFields.Integer(body["max_tokens"], "max_tokens") ?? maximumTokens;
        return Checked(request with { MaximumTokens = (int)Math.Clamp(wanted, int.MinValue, int.MaxValue) });
    }

    /// <summary>The rules' messages begin with the field at fault.</summary>
    private static GenerateRequest Checked(GenerateRequest request)
    {
        try
        {
            GenerateRequestRules.Check(request);
            return request;
        }
        catch (InvalidException error)
        {
            throw OpenAiException.Invalid(error.Message, error.Message[..error.Message.IndexOf(' ', StringComparison.Ordinal)]);
        }
    }

    public static bool WantsStream(GenerateBody body) => GenerateFields.Flag(body["stream"], "stream") is true;

    public static bool WantsUsage(GenerateBody body) =>
        body["stream_options"] is { ValueKind: JsonValueKind.Object } options && options.TryGetProperty("include_usage", out var usage) && usage.ValueKind is JsonValueKind.True;

    private static bool AsksForSomething(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => false,
        JsonValueKind.Number => value.GetDouble() != 0,
        JsonValueKind.String => value.GetString() is not ("" or "none"),
        JsonValueKind.Array => value.GetArrayLength() > 0,
        JsonValueKind.Object => value.EnumerateObject().Any() && !(value.TryGetProperty("type", out var type) && type.ValueKind is JsonValueKind.String && type.ValueEquals("text")),
        _ => true,
    };
}
