namespace OrleansDL.Serving.Residency;

/// <summary>The workers that have a generation loaded, taken in turn.</summary>
internal sealed class Residence(IReadOnlyList<string> workers, IReplica[] replicas)
{
    private int _turn;

    public IReadOnlyList<string> Workers => workers;

    public (string Worker, IReplica Replica) Next()
    {
        var at = replicas.Length == 1 ? 0 : (int)((uint)Interlocked.Increment(ref _turn) % (uint)replicas.Length);
        return (workers[at], replicas[at]);
    }
}
