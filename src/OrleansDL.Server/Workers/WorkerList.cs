using OrleansDL.Serving;
using OrleansDL.Training;

namespace OrleansDL.Workers;

/// <summary>The workers of all pools.</summary>
internal sealed class WorkerList(TrainingTables tables, IGrainFactory grains)
{
    public async Task<IReadOnlyList<WorkerInfo>> ListAsync()
    {
        var pools = await tables.ListPoolsAsync();
        var workers = await Task.WhenAll(pools.Select(pool => grains.GetGrain<ISchedulerGrain>(pool).ListWorkersAsync()));
        return await Task.WhenAll(workers.SelectMany(list => list).OrderBy(worker => worker.Name, StringComparer.Ordinal).Select(WithModelsAsync));
    }

    /// <summary>What a worker has loaded.</summary>
    /// <exception cref="NotFoundException">There is no such worker.</exception>
    /// <exception cref="NoCapacityException">It is away.</exception>
    public async Task<WorkerModels> GetModelsAsync(string worker)
    {
        var known = (await ListAsync()).FirstOrDefault(one => one.Name == worker)
            ?? throw new NotFoundException($"There is no worker '{worker}'. GET /v1/workers lists them.");
        return known.Models is null
            ? throw new NoCapacityException($"Worker '{worker}' is away.")
            : await grains.GetGrain<IModelHostGrain>(worker).GetAsync();
    }

    /// <summary>Takes a worker out of use, its runs leaving for others; or back into use.</summary>
    /// <exception cref="NotFoundException">There is no such worker.</exception>
    public async Task<WorkerInfo> DrainAsync(string worker, bool drain)
    {
        var known = (await ListAsync()).FirstOrDefault(one => one.Name == worker)
            ?? throw new NotFoundException($"There is no worker '{worker}'. GET /v1/workers lists them.");
        await grains.GetGrain<ISchedulerGrain>(known.Pool).DrainAsync(worker, drain);
        if (drain && known.Models is not null)
        {
            await grains.GetGrain<IModelHostGrain>(worker).MoveAwayAsync();
        }

        return (await ListAsync()).First(one => one.Name == worker);
    }

    private async Task<WorkerInfo> WithModelsAsync(WorkerInfo worker)
    {
        try
        {
            return worker.Alive ? worker with { Models = await grains.GetGrain<IModelHostGrain>(worker.Name).DescribeAsync() } : worker;
        }
        catch (Exception error) when (error is OrleansDLException or OrleansException or TimeoutException or ArgumentException)
        {
            // It went between being listed and being asked.
            return worker;
        }
    }
}
