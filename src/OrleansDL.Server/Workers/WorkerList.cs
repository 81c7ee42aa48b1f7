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

    /// <summary>Takes a worker out of use, its runs leaving for others; or back into use.</summary>
    /// <exception cref="NotFoundException">There is no such worker.</exception>
    public async Task<WorkerInfo> DrainAsync(string worker, bool drain)
    {
        var known = (await ListAsync()).FirstOrDefault(one => one.Name == worker)
            ?? throw new NotFoundException($"There is no worker '{worker}'. GET /v1/workers lists them.");
        await grains.GetGrain<ISchedulerGrain>(known.Pool).DrainAsync(worker, drain);
        return (await ListAsync()).First(one => one.Name == worker);
    }
}
