using OrleansDL.Training;

namespace OrleansDL.Workers;

/// <summary>The workers of all pools.</summary>
internal sealed class WorkerList(TrainingTables tables, IGrainFactory grains)
{
    public async Task<IReadOnlyList<WorkerInfo>> ListAsync()
    {
        var pools = await tables.ListPoolsAsync();
        var workers = await Task.WhenAll(pools.Select(pool => grains.GetGrain<ISchedulerGrain>(pool).ListWorkersAsync()));
        return [.. workers.SelectMany(list => list).OrderBy(worker => worker.Name, StringComparer.Ordinal)];
    }
}
