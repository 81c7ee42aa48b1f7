using Orleans.Concurrency;
using OrleansDL.Identity;

namespace OrleansDL.Datasets;

/// <summary>The MDS shards of one version, derived from it. Key: <see cref="DatasetShard.KeyOf"/>.</summary>
[Alias("dataset-shards")]
public interface IDatasetShardsGrain : IGrainWithStringKey, IWakeable
{
    /// <summary>Sees to it that the shards are made, and kept for as long as they are used. Repeating does nothing but renew the use.</summary>
    [Alias("prepare"), Requires(Role.Viewer)] Task<ShardStatus> PrepareAsync();
    [Alias("get"), Requires(Role.Viewer), AlwaysInterleave] Task<ShardStatus> GetAsync();

    /// <summary>The shards in the order of rows.</summary>
    /// <exception cref="ConflictException">They are not all there yet.</exception>
    [Alias("list"), Requires(Role.Viewer), AlwaysInterleave] Task<Page<DatasetShard>> ListAsync(PageRequest page);
}
