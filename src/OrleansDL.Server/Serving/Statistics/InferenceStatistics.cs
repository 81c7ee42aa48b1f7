using System.Collections.Concurrent;

namespace OrleansDL.Serving.Statistics;

/// <summary>Counters of every version served through this front.</summary>
internal sealed class InferenceStatistics
{
    private readonly ConcurrentDictionary<(Guid Deployment, long Version), ModelStatistics> _models = new();

    public ModelStatistics Of(Route route) => _models.GetOrAdd((route.Deployment, route.Number ?? route.ModelVersion), static _ => new ModelStatistics());
}
