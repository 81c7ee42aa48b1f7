using OrleansDL.Training;

namespace OrleansDL.Workers;

/// <summary>The pools that have a scheduler.</summary>
internal sealed class PoolList(TrainingTables tables, IGrainFactory grains)
{
    public async Task<IReadOnlyList<PoolInfo>> ListAsync() =>
        await Task.WhenAll((await tables.ListPoolsAsync()).Select(pool => grains.GetGrain<ISchedulerGrain>(pool).GetPoolAsync()));

    /// <exception cref="NotFoundException">No worker and no run ever named the pool.</exception>
    public async Task<PoolInfo> GetAsync(string pool) => (await tables.ListPoolsAsync()).Contains(pool)
        ? await grains.GetGrain<ISchedulerGrain>(pool).GetPoolAsync()
        : throw new NotFoundException($"There is no pool '{pool}'. GET /v1/pools lists them; a worker makes one by naming it ('odl worker --pool').");
}
