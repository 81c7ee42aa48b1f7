using System.Collections.Frozen;
using OrleansDL.Serving.Caching;

namespace OrleansDL.Serving;

/// <summary>Where every deployment's requests go, as this front knows it. Reading takes no lock: an update swaps the whole table.</summary>
internal sealed class RouteTable(IGrainFactory grains, Func<Route, IReplica>? ensembleOf = null, ResponseCaches? caches = null)
{
    private readonly Lock _updating = new();

    // With the deleted ones, so that a late push cannot bring one back.
    private readonly Dictionary<Guid, RouteEntry> _known = [];
    private volatile Snapshot _current = Snapshot.Empty;

    /// <summary>The route of a deployment by its name or id; null when this front knows none.</summary>
    public RouteEntry? Find(string project, string deployment)
    {
        var current = _current;
        if (current.ByName.TryGetValue((project, deployment), out var entry))
        {
            return entry;
        }

        return Guid.TryParse(deployment, out var id) && current.ById.TryGetValue(id, out entry) && entry.Route.Project == project ? entry : null;
    }

    public RouteEntry? Find(Guid deployment) => _current.ById.GetValueOrDefault(deployment);

    /// <summary>The deployments of a project, by name.</summary>
    public IReadOnlyList<RouteEntry> List(string project) =>
        [.. _current.ById.Values.Where(entry => entry.Route.Project == project).OrderBy(entry => entry.Route.Name, StringComparer.Ordinal)];

    /// <summary>Whether a route says more than is known.</summary>
    public bool IsNews(Route route)
    {
        lock (_updating)
        {
            return !_known.TryGetValue(route.Deployment, out var known) || known.Route.Revision < route.Revision;
        }
    }

    /// <summary>Takes the routes over, save those older than what is known.</summary>
    public void Update(params IReadOnlyCollection<Route> routes)
    {
        lock (_updating)
        {
            foreach (var route in routes)
            {
                if (!_known.TryGetValue(route.Deployment, out var known) || known.Route.Revision < route.Revision)
                {
                    _known[route.Deployment] = new RouteEntry(route, ReplicasOf, caches?.Of(route, known?.Cache));
                }
            }

            var previous = _current;
            _current = Snapshot.Of(_known.Values);
            previous.Replaced.TrySetResult();
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
            var current = _current;
            var entry = current.ById.GetValueOrDefault(deployment);
            if (entry is null || entry.Route.Revision > revision || elapsed.IsCompleted)
            {
                await limit.CancelAsync();
                cancellationToken.ThrowIfCancellationRequested();
                return entry;
            }

            await Task.WhenAny(current.Replaced.Task, elapsed);
        }
    }

    private IReplica[] ReplicasOf(Route route) => route.Ensemble is not null && ensembleOf is not null
        ? [ensembleOf(route)]
        : [.. route.Workers.Select(worker => new RemoteReplica(grains.GetGrain<IReplicaGrain>($"{worker}/{route.Generation}")))];

    private sealed record Snapshot(FrozenDictionary<(string Project, string Name), RouteEntry> ByName, FrozenDictionary<Guid, RouteEntry> ById)
    {
        public static Snapshot Empty => Of([]);

        public TaskCompletionSource Replaced { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public static Snapshot Of(IEnumerable<RouteEntry> entries)
        {
            var live = entries.Where(entry => !entry.Route.Deleted).ToFrozenDictionary(entry => entry.Route.Deployment);
            var byName = new Dictionary<(string, string), RouteEntry>();

            // A name used again after a rename or deletion not yet heard of: ids grow with time, and the newest has it.
            foreach (var entry in live.Values.OrderBy(entry => entry.Route.Deployment.ToString(), StringComparer.Ordinal))
            {
                byName[(entry.Route.Project, entry.Route.Name)] = entry;
            }

            return new Snapshot(byName.ToFrozenDictionary(), live);
        }
    }
}
