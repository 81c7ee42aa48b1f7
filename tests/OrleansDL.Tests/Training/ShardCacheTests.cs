using System.Security.Cryptography;
using OrleansDL.Blobs;
using OrleansDL.Datasets;
using OrleansDL.Tests.Datasets;
using OrleansDL.Training;

namespace OrleansDL.Tests.Training;

/// <summary>Two caches of one folder stand for two worker processes: all that they share is the folder.</summary>
public sealed class ShardCacheTests(DatasetNode node) : IClassFixture<DatasetNode>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("odl-shards-").FullName;

    /// <summary>Memory is another file system than the disk: shards cannot be linked there and are copied.</summary>
    private readonly string _elsewhere = Directory.CreateDirectory(Path.Combine("/dev/shm", $"odl-shards-{Guid.NewGuid():N}")).FullName;

    [Fact]
    public async Task A_shard_on_the_same_disk_is_linked_and_never_copied()
    {
        var shard = await StoreAsync(1);
        await Cache(_folder, 0).LinkAsync(shard, Path.Combine(_folder, "run"), default);
        Assert.Equal(await node.Service<BlobStore>().ReadAsync(shard.Blob), await File.ReadAllBytesAsync(Path.Combine(_folder, "run")));
        Assert.Equal(2, HardLinks.Count(Path.Combine(_folder, "run")));
        Assert.Equal(["run"], Directory.EnumerateFiles(_folder).Select(Path.GetFileName));
    }

    [Fact]
    public async Task What_was_used_longest_ago_is_evicted_and_what_runs_use_stays()
    {
        var (one, two) = (Cache(_elsewhere, 2500), Cache(_elsewhere, 2500));
        var shards = new[] { await StoreAsync(10), await StoreAsync(11), await StoreAsync(12), await StoreAsync(13) };
        string Link(int number) => Path.Combine(_elsewhere, $"run-{number}");
        await one.LinkAsync(shards[0], Link(0), default);
        await two.LinkAsync(shards[1], Link(1), default);
        File.Delete(Link(1));
        await one.LinkAsync(shards[2], Link(2), default);
        Assert.Equal([shards[0], shards[2]], Kept());

        // Its run has ended, and it is now the one used longest ago.
        File.Delete(Link(0));
        await two.LinkAsync(shards[3], Link(3), default);
        Assert.Equal([shards[2], shards[3]], Kept());

        IEnumerable<DatasetShard> Kept() => shards.Where(shard => File.Exists(Path.Combine(_elsewhere, shard.Blob.Hex)));
    }

    [Fact]
    public async Task Runners_that_ask_for_one_shard_at_once_share_one_copy()
    {
        var shard = await StoreAsync(20);
        var caches = new[] { Cache(_elsewhere, 1 << 20), Cache(_elsewhere, 1 << 20) };
        await Task.WhenAll(Enumerable.Range(0, 10).Select(number => caches[number % 2].LinkAsync(shard, Path.Combine(_elsewhere, $"run-{number}"), default)));
        Assert.Equal(11, HardLinks.Count(Path.Combine(_elsewhere, shard.Blob.Hex)));
    }

    [Fact]
    public async Task A_shard_whose_copy_was_damaged_is_refused_by_its_digest_and_copied_again()
    {
        var shard = await StoreAsync(30);
        var (cached, link) = (Path.Combine(_elsewhere, shard.Blob.Hex), Path.Combine(_elsewhere, "run"));
        await Cache(_elsewhere, 1 << 20).LinkAsync(shard, link, default);
        File.Delete(link);
        var bytes = await File.ReadAllBytesAsync(cached);
        bytes[500] ^= 1;
        await File.WriteAllBytesAsync(cached, bytes);
        var error = await Assert.ThrowsAsync<InvalidException>(() => Cache(_elsewhere, 1 << 20).LinkAsync(shard, link, default));
        Assert.Contains($"({shard.Blob}) is damaged", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(link) || File.Exists(cached));
        await Cache(_elsewhere, 1 << 20).LinkAsync(shard, link, default);
        Assert.Equal(shard.Blob, BlobId.FromHash(SHA256.HashData(await File.ReadAllBytesAsync(link))));
    }

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        Directory.Delete(_elsewhere, recursive: true);
    }

    private ShardCache Cache(string folder, long limit) => new(folder, limit, node.Service<BlobStore>(), TimeProvider.System);

    private async Task<DatasetShard> StoreAsync(int seed)
    {
        var bytes = new byte[1000];
        new Random(seed).NextBytes(bytes);
        var stored = await node.Service<BlobStore>().PutAsync(bytes);
        Assert.Equal(BlobId.FromHash(SHA256.HashData(bytes)), stored.Blob);
        return new DatasetShard { Name = "shard.00000.mds", Blob = stored.Blob, Bytes = bytes.Length, Samples = 1, Encodings = [] };
    }
}
