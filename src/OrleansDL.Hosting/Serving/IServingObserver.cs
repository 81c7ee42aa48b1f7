namespace OrleansDL.Serving;

/// <summary>Told of every inference a front has answered or refused. Called on the request path: it must be quick and must not throw.</summary>
public interface IServingObserver
{
    /// <param name="route">The route that answered.</param>
    /// <param name="latency">From the request's arrival until its answer was ready.</param>
    /// <param name="top">The best label and its probability of each row; empty for models without labels.</param>
    void OnAnswer(Route route, TimeSpan latency, ReadOnlySpan<LabelScore> top);

    /// <param name="route">The route that was asked.</param>
    /// <param name="latency">From the request's arrival until its refusal was ready.</param>
    /// <param name="status">The HTTP status it was refused with.</param>
    void OnError(Route route, TimeSpan latency, int status);
}
