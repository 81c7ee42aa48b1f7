namespace OrleansDL.Serving;

/// <summary>Makes replicas from artifacts.</summary>
internal interface IReplicaModels
{
    /// <summary>Fetches, loads and warms a model. It computes: call it off a grain's thread.</summary>
    /// <exception cref="OrleansDLException">The artifact is no model that can be served; the message says why.</exception>
    Task<ILoadedReplica> LoadAsync(ReplicaSpec spec);
}
