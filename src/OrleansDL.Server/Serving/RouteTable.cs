using System.Collections.Concurrent;
using OrleansDL.Serving.Asides;
using OrleansDL.Serving.Caching;

namespace OrleansDL.Serving;

/// <summary>Where every deployment's requests go, as this front knows it. Reading takes no lock, and an update costs the same however many there are.</summary>
internal sealed class RouteTable(IGrainFactory grains, Func<Route, IReplica>? ensembleOf = null, AsideFactory? asides = null, ResponseCaches? caches = null)
{
    private const int RememberedVersions = 16;
    private readonly Lock _updating = new();

    // With the deleted ones, so that a late push cannot bring one back.
    private readonly ConcurrentDictionary<Guid, RouteEntry> _known = new();
    private readonly ConcurrentDictionary<(string Project, string Name), RouteEntry> _byName = new();
    private volatile TaskCompletionSource _updated = New();

    /// <summary>The route of a deployment by its name or id; null when this front knows none.</summary>
    public RouteEntry? Find(string project, string deployment)
    {
        if (_byName.TryGetValue((project, deployment), out var entry))
        {
            return entry;
        }

        return Guid.TryParse(deployment, out var id) && Find(id) is { } found && found.Route.Project == project ? found : null;
    }

    public RouteEntry? Find(Guid deployment) => _known.TryGetValue(deployment, out var entry) && !entry.Route.Deleted ? entry : null;

    /// <summary>The deployments of a project, by name.</summary>
    public IReadOnlyList<RouteEntry> List(string project) =>
        [.. _known.Values.Where(entry => !entry.Route.Deleted && entry.Route.Project == project).OrderBy(entry => entry.Route.Name, StringComparer.Ordinal)];

    /// <summary>Whether a route says more than is known.</summary>
    public bool IsNews(Route route) => !_known.TryGetValue(route.Deployment, out var known) || known.Route.Revision < route.Revision;

    /// <summary>Takes the routes over, save those older than what is known.</summary>
    public void Update(params IReadOnlyCollection<Route> routes)
    {
        lock (_updating)
        {
            foreach (var route in routes)
            {
                if (IsNews(route))
                {
                    var before = _known.GetValueOrDefault(route.Deployment);
                    Take(new RouteEntry(route, ReplicasOf, asides, caches?.Of(route, before?.Cache)) { Gone = before is null ? [] : GoneSince(before, route) });
                }
            }

            var updated = _updated;
            _updated = New();
            updated.TrySetResult();
        }
    }

    /// <summary>A request met a replica that is gone, so perhaps a push did not arrive: whoever can look for newer routes should.</summary>
    public event Action? NewerWanted;

    /// <summary>Waits until a route newer than <paramref name="revision"/> is known; the entry known then, or the old one after the timeout.</summary>
    public async Task<RouteEntry?> NewerAsync(Guid deployment, long revision, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        NewerWanted?.Invoke();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var elapsed = Task.Delay(timeout, time, limit.Token);
        while (true)
        {
            // Before looking: an update after it completes what is waited for.
            var updated = _updated;
            var entry = Find(deployment);
            if (entry is null || entry.Route.Revision > revision || elapsed.IsCompleted)
            {
                await limit.CancelAsync();
                cancellationToken.ThrowIfCancellationRequested();
                return entry;
            }

            await Task.WhenAny(updated.Task, elapsed);
        }
    }

    private static IReadOnlyList<long> GoneSince(RouteEntry before, Route route)
    {
        var now = route.Versions is { } versions ? versions.Select(version => version.Number) : [route.ModelVersion];
        return [.. before.Gone.Concat(before.Versions.Select(version => version.Number)).Distinct().Except(now).TakeLast(RememberedVersions)];
    }

    private void Take(RouteEntry entry)
    {
        var before = _known.GetValueOrDefault(entry.Route.Deployment);
        _known[entry.Route.Deployment] = entry;
        var name = (entry.Route.Project, entry.Route.Name);
        if (!entry.Route.Deleted && (!_byName.TryGetValue(name, out var named) || IsOlder(named.Route, entry.Route)))
        {
            _byName[name] = entry;
        }

        if (before is not null && (entry.Route.Deleted || (before.Route.Project, before.Route.Name) != name))
        {
            Release((before.Route.Project, before.Route.Name), entry.Route.Deployment);
        }
    }

    /// <summary>A deployment has a name no longer: another one may have it meanwhile, or have had it all along.</summary>
    private void Release((string Project, string Name) name, Guid deployment)
    {
        if (!_byName.TryGetValue(name, out var named) || named.Route.Deployment != deployment)
        {
            return;
        }

        RouteEntry? next = null;
        foreach (var other in _known.Values)
        {
            if (!other.Route.Deleted && (other.Route.Project, other.Route.Name) == name && (next is null || IsOlder(next.Route, other.Route)))
            {
                next = other;
            }
        }

        if (next is null)
        {
            _byName.TryRemove(name, out _);
        }
        else
        {
            _byName[name] = next;
        }
    }

    /// <summary>A name used again after a rename or deletion not yet heard of: ids grow with time, and the newest has it.</summary>
    private static bool IsOlder(Route one, Route other) =>
        one.Deployment == other.Deployment || string.CompareOrdinal(one.Deployment.ToString(), other.Deployment.ToString()) < 0;

    private IReplica[] ReplicasOf(Route route) => route.Ensemble is not null && ensembleOf is not null
        ? [ensembleOf(route)]
        : [.. route.Workers.Select(worker => new RemoteReplica(grains.GetGrain<IReplicaGrain>($"{worker}/{route.Generation}")))];

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
