using Microsoft.AspNetCore.Http;

namespace OrleansDL.Serving.Protocol;

/// <summary>What a client of the protocol is told of an error: an HTTP status, from which the gRPC status follows, and a message.</summary>
internal readonly record struct ProtocolError(int Status, string Message)
{
    /// <summary>Null when nothing is known of the error but that it is ours: log it.</summary>
    public static ProtocolError? Of(Exception error) => error switch
    {
        InferenceProtocolException refused => new(refused.Status, refused.Message),
        OrleansDLException ours => new(ours.Status, ours.Message),
        OperationCanceledException => new(400, "the request was cancelled"),
        BadHttpRequestException bad => new(bad.StatusCode, bad.Message),
        TimeoutException => new(503, "Request timeout expired"),
        _ => null,
    };

    public static ProtocolError Unknown(string traceId) =>
        new(500, $"The request failed inside the server; its log names the reason under trace id {traceId}.");
}
