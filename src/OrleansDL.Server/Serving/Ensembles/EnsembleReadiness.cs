namespace OrleansDL.Serving.Ensembles;

/// <summary>Whether an ensemble would be answered now. Its own route goes on while a step is away for a moment; who asks whether it is ready wants to know of the steps.</summary>
internal static class EnsembleReadiness
{
    /// <summary>The first deployment that is not ready among those a route's requests need: its own, or one that its steps call. Null when all are.</summary>
    /// <param name="routes">Where the steps' requests go.</param>
    /// <param name="route">The route.</param>
    /// <param name="depth">Ensembles that it is within.</param>
    public static string? Missing(RouteTable routes, Route route, int depth = 0)
    {
        if (route.Generation is null)
        {
            return route.Name;
        }

        if (route.Ensemble is not { } ensemble || depth >= EnsembleCheck.MaximumDepth)
        {
            return null;
        }

        foreach (var step in ensemble.Steps)
        {
            var entry = routes.Find(route.Project, step.Deployment);
            var called = step.Version is { } version ? entry?.Version(version) : entry;
            if (called is null || Missing(routes, called.Route, depth + 1) is not null)
            {
                return step.Deployment;
            }
        }

        return null;
    }
}
