using OrleansDL.Training;

namespace OrleansDL.Serving.Residency;

/// <summary>Chooses the workers that load a model: those that have it, then the one with most free room, then the one whose models were not used for longest.</summary>
internal sealed class ModelPlacement(ModelDirectory directory, IGrainFactory grains, TimeProvider time)
{
    private const string Pool = "default";

    /// <summary>Loading so many at once a worker is busy: others are asked first.</summary>
    private const int Busy = 5;

    /// <summary>How long the list of workers is believed, so that thousands of loads ask the scheduler seldom.</summary>
    private static readonly TimeSpan Believed = TimeSpan.FromSeconds(2);
    private IReadOnlyList<WorkerInfo> _workers = [];
    private long _askedAt;

    /// <summary>Live workers that are not drained and have the device asked for, the best first.</summary>
    /// <param name="spec">What is loaded.</param>
    /// <param name="isFresh">Whether the list of workers is asked for anew.</param>
    public async Task<IReadOnlyList<string>> OrderAsync(ReplicaSpec spec, bool isFresh)
    {
        if (isFresh || _askedAt == 0 || time.GetElapsedTime(_askedAt) > Believed)
        {
            _workers = await grains.GetGrain<ISchedulerGrain>(Pool).ListWorkersAsync();
            _askedAt = _workers.Count == 0 ? 0 : time.GetTimestamp();
        }

        var (hosts, has) = (directory.Hosts().ToDictionary(host => host.Worker), directory.WorkersOf(spec.Generation));
        var bytes = spec.Artifact.Values.Sum(file => file.Bytes);
        return
        [
            .. _workers.Where(worker => WorkerChoice.MayServe(worker, spec.Device))
                .Select(worker => (worker.Name, Host: hosts.GetValueOrDefault(worker.Name)))
                .OrderBy(worker => has.Contains(worker.Name) ? 0 : 1)
                .ThenBy(worker => worker.Host is { Loading: >= Busy } ? 1 : 0)
                .ThenBy(worker => worker.Host is { } host && Free(host) < bytes ? 1 : 0)
                .ThenBy(worker => worker.Host is not { } host ? 0 : Free(host) >= bytes ? -Free(host) : (host.OldestUseAt ?? DateTimeOffset.MaxValue).UtcTicks)
                .Select(worker => worker.Name),
        ];
    }

    /// <summary>Why no worker may load it, of those listed last; null when there is none at all.</summary>
    public string? Refusal(ReplicaSpec spec) => WorkerChoice.Refusal(_workers, spec.Device);

    /// <summary>A worker has loaded it: known here before the worker's notice comes.</summary>
    public void OnLoaded(ReplicaSpec spec, string worker) => directory.Put(spec.Generation, worker);

    private static long Free(ModelHost host) => host.LimitBytes - host.UsedBytes - host.ReservedBytes;
}
