namespace OrleansDL.Serving.Asides;

/// <summary>Makes what is done beside answering, for each route as it comes.</summary>
internal sealed class AsideFactory(ShadowQueue shadows, PayloadQueue payloads)
{
    /// <param name="route">A deployment's route.</param>
    /// <param name="versionOf">The version of a number; null when it does not answer.</param>
    /// <returns>Null: nothing is done.</returns>
    public Aside? Of(Route route, Func<long, RouteEntry?> versionOf)
    {
        var shadow = route.Traffic?.Shadow is { } spec && versionOf(spec.Version) is { } version ? new Shadow(version, spec, shadows) : null;
        var log = route.PayloadLog is { } terms ? new PayloadLog(terms, payloads) : null;
        return shadow is null && log is null ? null : new Aside(shadow, log);
    }
}
