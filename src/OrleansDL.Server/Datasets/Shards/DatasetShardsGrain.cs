using System.Globalization;
using OrleansDL.Database;
using OrleansDL.Timing;

namespace OrleansDL.Datasets.Shards;

/// <summary>Sees to the making of one version's shards. What it must remember is its wake-up; what is made stands in the table.</summary>
[GrainType("dataset-shards")]
internal sealed class DatasetShardsGrain(DatasetShards shards, ShardJobs jobs, WakeUps wakeUps) : Grain, IDatasetShardsGrain
{
    /// <summary>How often it is looked after a job: should its server die, another begins it anew as soon.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(2);

    private DatasetVersion? _version;
    private IReadOnlyList<ShardSet>? _ready;

    private string Key => this.GetPrimaryKeyString();

    public async Task<ShardStatus> PrepareAsync()
    {
        jobs.Forget(Key);
        var status = await GetAsync();
        if (_ready is { } sets)
        {
            await shards.TouchAsync(sets);
        }
        else if (status.State is not ShardState.Building)
        {
            await wakeUps.ArmAsync(this);
            jobs.Start(Key, await VersionAsync());
            return await GetAsync();
        }

        return status;
    }

    public async Task<ShardStatus> GetAsync()
    {
        var version = await VersionAsync();
        if (jobs.Find(Key) is { } job)
        {
            if (!job.Work.IsCompleted)
            {
                return new ShardStatus { State = ShardState.Building, Rows = version.Rows, RowsDone = job.RowsDone };
            }

            if (job.Work.Exception?.InnerException is { } error)
            {
                return new ShardStatus
                {
                    State = ShardState.Failed,
                    Rows = version.Rows,
                    RowsDone = job.RowsDone,
                    Error = error is OrleansDLException ? error.Message : $"The server could not make the shards; its log says why ({error.GetType().Name}).",
                };
            }
        }

        // Collected shards are looked for again: what was ready once need not be so now.
        var sets = await shards.SetsAsync(version, CancellationToken.None);
        var complete = sets.All(set => set.Complete);
        _ready = complete ? sets : null;
        var list = complete ? await shards.ListAsync(sets) : [];
        return new ShardStatus
        {
            State = complete ? ShardState.Ready : ShardState.Missing,
            Rows = version.Rows,
            RowsDone = sets.Where(set => set.Complete).Sum(set => set.Rows),
            Shards = list.Count,
            Bytes = list.Sum(shard => shard.Bytes),
        };
    }

    public async Task<Page<DatasetShard>> ListAsync(PageRequest page)
    {
        var after = PageTokens.Decode(page.Token) is [var token] && int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        var sets = await shards.SetsAsync(await VersionAsync(), CancellationToken.None);
        if (!sets.All(set => set.Complete))
        {
            throw new ConflictException("The version's shards are not all made. POST its mds makes them.");
        }

        var all = await shards.ListAsync(sets);
        var size = page.CheckedSize();
        return new Page<DatasetShard>
        {
            Items = all.Skip(after).Take(size).ToArray(),
            NextPageToken = after + size < all.Count ? PageTokens.Encode((after + size).ToString(CultureInfo.InvariantCulture)) : null,
        };
    }

    public async Task WakeAsync(string name, string? payload)
    {
        var status = await GetAsync();
        if (status.State is ShardState.Missing)
        {
            jobs.Start(Key, await VersionAsync());
        }

        // A failed job is not repeated by itself: who asks again begins it again.
        if (status.State is ShardState.Missing or ShardState.Building)
        {
            await wakeUps.ArmAsync(this, after: LookAgain);
        }
    }

    private async Task<DatasetVersion> VersionAsync()
    {
        if (_version is null)
        {
            var parts = Key.Split('/');
            if (parts is not [var project, var dataset, var commit])
            {
                throw new InvalidException($"'{Key}' names no version: project, dataset and commit are wanted.");
            }

            _version = await GrainFactory.GetGrain<IDatasetsGrain>(project).ResolveAsync($"{dataset}@{BlobId.Parse(commit)}");
        }

        return _version;
    }
}
