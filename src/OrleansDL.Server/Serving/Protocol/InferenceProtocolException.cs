namespace OrleansDL.Serving.Protocol;

/// <summary>A request the inference protocol refuses: the message clients look for, and its HTTP status.</summary>
internal sealed class InferenceProtocolException(int status, string message) : Exception(message)
{
    public int Status { get; } = status;

    /// <summary>Whether the reference server says the request's id before the message, and it is not said yet.</summary>
    public bool LacksId { get; private init; }

    public static InferenceProtocolException Invalid(string message) => new(400, message);

    /// <summary>Data that is not what the request says, or not what the model takes.</summary>
    public static InferenceProtocolException Unfit(string message) => new(400, message) { LacksId = true };

    /// <inheritdoc cref="Unfit(string)"/>
    /// <param name="id">The caller's id of the request; null or empty: it gave none.</param>
    /// <param name="message">What does not fit.</param>
    public static InferenceProtocolException Unfit(string? id, string message) =>
        Invalid($"[request id: {(string.IsNullOrEmpty(id) ? "<id_unknown>" : id)}] {message}");

    /// <summary>What the protocol's reference server answers with 500 although the request is at fault; its tests expect that.</summary>
    public static InferenceProtocolException Internal(string message) => new(500, message);

    public static InferenceProtocolException Unsupported(string message) => new(501, message);
}
