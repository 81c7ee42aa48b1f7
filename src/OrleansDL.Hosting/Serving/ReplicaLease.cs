namespace OrleansDL.Serving;

/// <summary>Holds a local replica for one request: it is not freed before the lease is disposed.</summary>
public readonly struct ReplicaLease : IDisposable
{
    private readonly LocalReplicas.Slot _slot;

    internal ReplicaLease(LocalReplicas.Slot slot) => _slot = slot;

    public IReplica Replica => _slot.Replica;

    public void Dispose() => _slot.Release();
}
