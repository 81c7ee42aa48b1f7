namespace OrleansDL.Serving;

/// <summary>Is told how shadows did.</summary>
public interface IShadowObserver
{
    /// <param name="shadow">The version that was compared.</param>
    /// <param name="latency">Of its answer.</param>
    /// <param name="agrees">Whether it answered what the caller got.</param>
    /// <param name="difference">Greatest difference of the numbers, as a part of the greatest number of their tensor; null when none could be compared.</param>
    void OnCompared(Route shadow, TimeSpan latency, bool agrees, double? difference);

    /// <param name="shadow">The version that could not answer.</param>
    void OnFailed(Route shadow);

    /// <param name="shadow">The version that was not asked, because too many requests waited for it.</param>
    void OnDropped(Route shadow);
}
