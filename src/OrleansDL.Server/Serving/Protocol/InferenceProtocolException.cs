namespace OrleansDL.Serving.Protocol;

/// <summary>A request the inference protocol refuses: the message clients look for, and its HTTP status.</summary>
internal sealed class InferenceProtocolException(int status, string message) : Exception(message)
{
    public int Status { get; } = status;

    public static InferenceProtocolException Invalid(string message) => new(400, message);

    /// <summary>What the protocol's reference server answers with 500 although the request is at fault; its tests expect that.</summary>
    public static InferenceProtocolException Internal(string message) => new(500, message);

    public static InferenceProtocolException Unsupported(string message) => new(501, message);
}
