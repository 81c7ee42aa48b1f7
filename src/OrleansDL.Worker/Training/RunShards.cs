using System.Globalization;
using OrleansDL.Datasets;

namespace OrleansDL.Training;

/// <summary>Brings a run the shards of its dataset version: waits until they are made, and lays them into its folder.</summary>
internal sealed class RunShards(IGrainFactory grains, ShardCache cache, TimeProvider time)
{
    private const int Together = 4;
    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LastLook = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SayEvery = TimeSpan.FromSeconds(5);

    /// <param name="assignment">The run.</param>
    /// <param name="folder">Where the shards go.</param>
    /// <param name="log">The run's log.</param>
    /// <param name="throwIfStopping">Ends the waiting when the run is stopped.</param>
    /// <exception cref="InvalidException">The shards cannot be made, or one is damaged.</exception>
    public async Task<IReadOnlyList<RunnerShard>> PrepareAsync(
        TrainerAssignment assignment, string folder, Func<string, ValueTask> log, Action throwIfStopping)
    {
        var dataset = assignment.Dataset;
        if (dataset.Kind is DatasetKind.Files || dataset.Rows == 0)
        {
            return [];
        }

        var grain = grains.GetGrain<IDatasetShardsGrain>(DatasetShard.KeyOf(assignment.Project, dataset.Dataset, dataset.Commit));
        await ReadyAsync(grain, dataset, log, throwIfStopping);
        var shards = await ListAsync(grain);
        await Parallel.ForEachAsync(shards, new ParallelOptions { MaxDegreeOfParallelism = Together }, async (shard, cancel) =>
        {
            throwIfStopping();
            await cache.LinkAsync(shard, Path.Combine(folder, Path.GetFileName(shard.Name)), cancel);
        });
        return [.. shards.Select(shard => new RunnerShard { File = shard.Name, Blob = shard.Blob, Bytes = shard.Bytes, Samples = shard.Samples })];
    }

    private async Task ReadyAsync(IDatasetShardsGrain grain, DatasetVersion dataset, Func<string, ValueTask> log, Action throwIfStopping)
    {
        var (begun, said, wait) = (time.GetTimestamp(), time.GetTimestamp(), FirstLook);
        var status = await grain.PrepareAsync();
        var waited = status.State is not ShardState.Ready;
        while (status.State is not ShardState.Ready)
        {
            throwIfStopping();
            if (status.State is ShardState.Failed)
            {
                throw new InvalidException($"The shards of {dataset.DatasetName}@v{dataset.Version} cannot be made: {status.Error}");
            }

            if (time.GetElapsedTime(said) >= SayEvery)
            {
                said = time.GetTimestamp();
                await log($"Waiting for the shards of {dataset.DatasetName}@v{dataset.Version}: {status.RowsDone} of {status.Rows} rows.");
            }

            await Task.Delay(wait, time);
            wait = wait * 2 < LastLook ? wait * 2 : LastLook;

            // One whose server died is begun again by its wake-up; asking again does it sooner.
            status = status.State is ShardState.Missing ? await grain.PrepareAsync() : await grain.GetAsync();
        }

        if (waited)
        {
            await log(string.Create(
                CultureInfo.InvariantCulture,
                $"The shards of {dataset.DatasetName}@v{dataset.Version} were made in {time.GetElapsedTime(begun).TotalSeconds:0.0} s: {status.Shards} with {status.Bytes} bytes."));
        }
    }

    private static async Task<List<DatasetShard>> ListAsync(IDatasetShardsGrain grain)
    {
        var shards = new List<DatasetShard>();
        var page = new PageRequest { Size = PageRequest.MaximumSize };
        do
        {
            var part = await grain.ListAsync(page);
            shards.AddRange(part.Items);
            page = page with { Token = part.NextPageToken };
        }
        while (page.Token is not null);
        return shards;
    }
}
