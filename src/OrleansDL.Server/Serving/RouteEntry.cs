using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using OrleansDL.Serving.Asides;
using OrleansDL.Serving.Caching;
using OrleansDL.Serving.Rpc;

namespace OrleansDL.Serving;

/// <summary>A route with the replicas it leads to, taken in turn: a deployment's, which answers with the version that is best now, or one version's.</summary>
internal sealed class RouteEntry
{
    private readonly IReplica[] _replicas;
    private readonly RouteEntry[] _versions;
    private readonly Traffic? _traffic;
    private int _turn;

    /// <param name="route">A deployment's route.</param>
    /// <param name="replicasOf">Makes the replicas of the generation that a route names.</param>
    /// <param name="asides">Makes what is done beside answering; null: nothing is.</param>
    /// <param name="cache">Its answers; null: none are kept.</param>
    public RouteEntry(Route route, Func<Route, IReplica[]> replicasOf, AsideFactory? asides = null, ResponseCache? cache = null)
    {
        (Route, Cache) = (route, cache);
        _versions = route.Versions is { } versions
            ? [.. versions.Select(version => new RouteEntry(Of(route, version), version.Generation is null ? [] : replicasOf(Of(route, version)), version.Number, cache))]
            : [new RouteEntry(route, route.Generation is null ? [] : replicasOf(route), route.ModelVersion, cache)];
        var answering = Array.Find(_versions, version => version.Route.Generation == route.Generation);
        (_replicas, Signature) = (answering?._replicas ?? [], answering?.Signature);
        Aside = asides?.Of(route, number => Version(number) is { Route.Generation: not null } version ? version : null);
        foreach (var version in _versions)
        {
            version.Aside = Aside?.OfVersions;
        }

        _traffic = route.Traffic is { } traffic ? new Traffic(traffic, route.Deployment, Chosen) : null;
    }

    private RouteEntry(Route route, IReplica[] replicas, long? asked, ResponseCache? cache)
    {
        (Route, _replicas, Asked, Cache) = (route, replicas, asked, cache);
        _turn = replicas.Length > 1 ? Random.Shared.Next() : 0;
        _versions = [this];
        Signature = route.Signature is { } signature ? ModelConfigs.SignatureOf(route.Configuration, signature) : null;
    }

    /// <summary>Describes the version that answers; of a deployment none is ready when it has no generation.</summary>
    public Route Route { get; }

    /// <summary>Answers kept for equal requests; null: none are.</summary>
    public ResponseCache? Cache { get; }

    /// <summary>The number of the version when one was asked for; null when the deployment chooses.</summary>
    public long? Asked { get; }

    /// <summary>Numbers of the last versions that were served before these and are no longer; none for most.</summary>
    public IReadOnlyList<long> Gone { get; init; } = [];

    /// <summary>What is done with some of the requests beside answering them; null: nothing.</summary>
    public Aside? Aside { get; private set; }

    /// <summary>Inputs and outputs as callers see them; null before the version was loaded.</summary>
    public ModelSignature? Signature { get; }

    /// <summary>Every version served or wanted, highest number first.</summary>
    public IReadOnlyList<RouteEntry> Versions => _versions;

    /// <summary>The number callers know the version by.</summary>
    public long Number => Route.Number ?? Route.ModelVersion;

    /// <summary>The version of that number; null when the deployment has none.</summary>
    public RouteEntry? Version(long number)
    {
        foreach (var version in _versions)
        {
            if (version.Asked == number)
            {
                return version;
            }
        }

        return null;
    }

    /// <summary>The version that answers a request which names none; the deployment's best where nothing else is said.</summary>
    public RouteEntry Choose(IHeaderDictionary? headers) => _traffic?.Choose(headers) ?? this;

    /// <summary>Numbers of the versions that answer, lowest first.</summary>
    public IEnumerable<long> ReadyVersions() => _versions.Reverse().Where(version => version.Route.Generation is not null).Select(version => version.Number);

    /// <summary>The replica that keeps a sequence: always the same as long as its worker is there, however many others come or go.</summary>
    public IReplica? ReplicaOf(string sequence) => _replicas.Length <= 1
        ? NextReplica()
        : _replicas[Route.Workers.Index().MaxBy(worker => Weight(worker.Item, sequence)).Index];

    public IReplica? NextReplica() => _replicas.Length switch
    {
        0 => null,
        1 => _replicas[0],
        _ => InTurn(),
    };

    /// <summary>How many replicas there are.</summary>
    public int Replicas => _replicas.Length;

    /// <summary>The next one, passing over those on workers that were found gone lately.</summary>
    private IReplica InTurn()
    {
        for (var passed = 0; ; passed++)
        {
            var replica = _replicas[(int)((uint)Interlocked.Increment(ref _turn) % (uint)_replicas.Length)];
            if (replica is not RemoteReplica { IsGone: true } || passed == _replicas.Length)
            {
                return replica;
            }
        }
    }

    /// <summary>Rendezvous hashing: each pair of worker and sequence has a weight of its own.</summary>
    private static ulong Weight(string worker, string sequence) => BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes($"{worker}/{sequence}")));

    // Not asked for by its number: should it go meanwhile, the deployment's best answers instead.
    private RouteEntry? Chosen(long number) => Version(number) is { Route.Generation: not null } version ? new RouteEntry(version.Route, version._replicas, asked: null, Cache) { Aside = Aside } : null;

    private static Route Of(Route route, RouteVersion version) => route with
    {
        Generation = version.Generation,
        ModelName = version.ModelName,
        ModelVersion = version.ModelVersion,
        Workers = version.Workers,
        Signature = version.Signature,
        Batching = version.Batching,
        Sequence = version.Sequence,
        Ensemble = version.Ensemble,
        Reason = version.Reason,
        Number = version.Number,
        OnDemand = version.OnDemand,
        LoadSeconds = version.LoadSeconds,
        Backend = version.Backend,
        Versions = null,
        Traffic = null,
    };
}
