using System.Diagnostics.Metrics;

namespace OrleansDL.Serving.Caching;

/// <summary>Makes the response caches of deployments, and counts what becomes of requests to them.</summary>
internal sealed class ResponseCaches
{
    private readonly TimeProvider _time;

    public ResponseCaches(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        var meter = meters.Create("OrleansDL.Serving");
        Requests = meter.CreateCounter<long>("orleansdl.serving.cache.requests", "{request}", "Requests to deployments with a response cache: answered from it (hit), with an equal one under way (joined), or by a run (miss).");
        Bytes = meter.CreateUpDownCounter<long>("orleansdl.serving.cache.size", "By", "Bytes of answers kept.");
    }

    public Counter<long> Requests { get; }

    public UpDownCounter<long> Bytes { get; }

    /// <summary>The cache for a route: the one there was, unless its terms have changed; null for a deployment without.</summary>
    public ResponseCache? Of(Route route, ResponseCache? before)
    {
        var wanted = route.Deleted ? null : route.Cache;
        if (before?.Spec == wanted)
        {
            return before;
        }

        before?.Close();
        return wanted is null ? null : new ResponseCache(wanted, _time, new ResponseCacheMeter(this, route));
    }
}
