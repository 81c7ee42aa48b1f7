namespace OrleansDL.Serving;

/// <summary>A route with the replicas it leads to, taken in turn.</summary>
internal sealed class RouteEntry(Route route, IReadOnlyList<IReplica> replicas)
{
    private int _turn;

    public Route Route => route;

    public IReplica? NextReplica() => replicas.Count switch
    {
        0 => null,
        1 => replicas[0],
        _ => replicas[(int)((uint)Interlocked.Increment(ref _turn) % (uint)replicas.Count)],
    };
}
