using System.Collections.Concurrent;

namespace OrleansDL.Serving.Statistics;

/// <summary>Counters of every version served through this front. A version that is loaded anew, or replaced under its number, begins at zero.</summary>
internal sealed class InferenceStatistics
{
    private readonly ConcurrentDictionary<(Guid Deployment, long Version), Counted> _models = new();

    public ModelStatistics Of(Route route)
    {
        var key = (route.Deployment, route.Number ?? route.ModelVersion);
        var generation = route.Generation ?? 0;
        if (_models.TryGetValue(key, out var counted) && counted.Generation >= generation)
        {
            // What the generation before still answers counts for the new one.
            return counted.Statistics;
        }

        return _models.AddOrUpdate(
            key,
            static (_, generation) => new Counted(generation, new ModelStatistics()),
            static (_, known, generation) => known.Generation >= generation ? known : new Counted(generation, new ModelStatistics()),
            generation).Statistics;
    }

    private sealed record Counted(long Generation, ModelStatistics Statistics);
}
