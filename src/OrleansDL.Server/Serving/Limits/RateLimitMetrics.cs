using System.Diagnostics.Metrics;

namespace OrleansDL.Serving.Limits;

/// <summary>Requests refused for their rate.</summary>
internal sealed class RateLimitMetrics(IMeterFactory meters)
{
    private readonly Counter<long> _refused = meters.Create("OrleansDL.Serving")
        .CreateCounter<long>("orleansdl.serving.rate_limited", "{request}", "Requests refused because their token or deployment had no more for now.");

    public void OnRefused(Route route, string limit) => _refused.Add(
        1, new KeyValuePair<string, object?>("project", route.Project), new("deployment", route.Name), new("limit", limit));
}
