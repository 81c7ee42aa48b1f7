using System.Security.Cryptography;
using System.Text;

namespace OrleansDL.Serving;

/// <summary>A route with the replicas it leads to, taken in turn.</summary>
internal sealed class RouteEntry(Route route, IReadOnlyList<IReplica> replicas)
{
    private int _turn;

    public Route Route => route;

    /// <summary>The replica that keeps a sequence: always the same as long as its worker is there, however many others come or go.</summary>
    public IReplica? ReplicaOf(string sequence) => replicas.Count <= 1
        ? NextReplica()
        : replicas[route.Workers.Index().MaxBy(worker => Weight(worker.Item, sequence)).Index];

    /// <summary>Rendezvous hashing: each pair of worker and sequence has a weight of its own.</summary>
    private static ulong Weight(string worker, string sequence) => BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes($"{worker}/{sequence}")));

    public IReplica? NextReplica() => replicas.Count switch
    {
        0 => null,
        1 => replicas[0],
        _ => replicas[(int)((uint)Interlocked.Increment(ref _turn) % (uint)replicas.Count)],
    };
}
