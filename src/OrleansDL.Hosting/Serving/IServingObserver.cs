namespace OrleansDL.Serving;

/// <summary>Is told of every answer and error of the model server, on the request path: it must neither block nor allocate much.</summary>
public interface IServingObserver
{
    /// <param name="route">What answered.</param>
    /// <param name="latency">From the first byte of the body read to the answer ready to write.</param>
    /// <param name="top">Most probable label of each row; empty for models without labels.</param>
    void OnAnswer(Route route, TimeSpan latency, ReadOnlySpan<LabelScore> top);

    /// <summary>A text was continued to its end; <see cref="OnAnswer"/> was told too.</summary>
    /// <param name="route">What answered.</param>
    /// <param name="first">From the request's arrival to its first token.</param>
    /// <param name="whole">From the request's arrival to its last token.</param>
    /// <param name="tokens">Tokens added.</param>
    void OnText(Route route, TimeSpan first, TimeSpan whole, int tokens);

    /// <param name="route">What should have answered.</param>
    /// <param name="latency">From the first byte of the body read to the error.</param>
    /// <param name="status">HTTP status answered, 4xx or 5xx.</param>
    void OnError(Route route, TimeSpan latency, int status);
}
