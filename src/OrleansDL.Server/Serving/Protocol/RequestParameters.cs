namespace OrleansDL.Serving.Protocol;

/// <summary>Parameters of a request that the server itself acts on.</summary>
internal static class RequestParameters
{
    public static InferenceProtocolException Reserved() =>
        InferenceProtocolException.Invalid("parameter keys starting with 'triton_' are reserved for Triton usage and should not be specified.");

    /// <summary>Older releases of the reference server say it one way, newer ones the other.</summary>
    public static string TwiceAsked(string output) => $"output '{output}' already exists in request: Duplicate output name '{output}' is not allowed in a request";

    /// <exception cref="InferenceProtocolException">It is no number from 0 on.</exception>
    public static int Priority(long? value) => value is >= 0 and <= int.MaxValue
        ? (int)value
        : throw InferenceProtocolException.Invalid("invalid value for 'priority' parameter, expected an integer >= 0");

    /// <exception cref="InferenceProtocolException">It is no number from 0 on.</exception>
    public static long Timeout(long? value) => value is >= 0
        ? value.Value
        : throw InferenceProtocolException.Invalid("invalid value for 'timeout' parameter, expected microseconds >= 0");

    /// <exception cref="InferenceProtocolException">It is longer than an id may be.</exception>
    public static string SequenceText(string value) => value.Length <= 128
        ? value
        : throw InferenceProtocolException.Invalid("invalid value for 'sequence_id' parameter, expected 128 characters at most");

    public static InferenceProtocolException WrongSequenceId() =>
        InferenceProtocolException.Invalid("invalid value type for 'sequence_id' parameter, expected an unsigned 64-bit integer or a string");

    /// <summary>A text as JSON.</summary>
    public static string Json(string value) => System.Text.Json.JsonSerializer.Serialize(value);

    /// <exception cref="InferenceProtocolException">It is no number from 1 on.</exception>
    public static int Classes(long? value) => value switch
    {
        null => throw InferenceProtocolException.Invalid("invalid value type for 'classification' parameter, expected int64_param"),
        > 0 => (int)Math.Min(value.Value, int.MaxValue),
        _ => throw InferenceProtocolException.Invalid("invalid value for 'classification' parameter, expected >= 0"),
    };
}
