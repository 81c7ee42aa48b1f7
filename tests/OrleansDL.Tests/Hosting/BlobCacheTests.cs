using OrleansDL.Blobs;

namespace OrleansDL.Tests.Hosting;

public sealed class BlobCacheTests : IDisposable
{
    private readonly TempDirectory _folder = new();
    private readonly Microsoft.Extensions.Time.Testing.FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());

    [Fact]
    public async Task It_keeps_what_was_used_last_and_no_more_than_its_limit_also_after_a_restart()
    {
        var cache = new BlobCache(_folder.Path, limit: 1000, _time);
        foreach (var name in new[] { "aa1", "bb2", "cc3" })
        {
            await AddAsync(cache, name, 300);
        }

        Assert.NotNull(cache.Find("aa1"));
        _time.Advance(TimeSpan.FromSeconds(1));
        await AddAsync(cache, "dd4", 300);

        Assert.Null(cache.Find("bb2"));
        Assert.Equal(900, cache.Bytes);

        var again = new BlobCache(_folder.Path, limit: 600, _time);
        Assert.Equal(600, again.Bytes);
        Assert.Null(again.Find("cc3"));
        Assert.NotNull(again.Find("aa1"));
        Assert.NotNull(again.Find("dd4"));
        Assert.Equal(600, Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length));
    }

    [Fact]
    public async Task What_several_ask_for_at_once_is_fetched_once()
    {
        var cache = new BlobCache(_folder.Path, limit: 1000, _time);
        var released = new TaskCompletionSource();
        var writes = 0;
        var asking = Enumerable.Range(0, 5).Select(_ => cache.GetAsync("ee5", async path =>
        {
            writes++;
            await released.Task;
            await File.WriteAllBytesAsync(path, new byte[10]);
        })).ToList();
        released.SetResult();

        Assert.Single((await Task.WhenAll(asking)).Distinct());
        Assert.Equal(1, writes);
    }

    [Fact]
    public async Task A_fetch_that_fails_leaves_nothing_and_may_be_repeated()
    {
        var cache = new BlobCache(_folder.Path, limit: 1000, _time);
        await Assert.ThrowsAsync<IOException>(() => cache.GetAsync("ff6", async path =>
        {
            await File.WriteAllBytesAsync(path, new byte[5]);
            throw new IOException("cut off");
        }));

        Assert.Empty(Directory.GetFiles(cache.Incoming));
        Assert.Null(cache.Find("ff6"));
        await AddAsync(cache, "ff6", 10);
        Assert.NotNull(cache.Find("ff6"));
    }

    public void Dispose() => _folder.Dispose();

    private async Task AddAsync(BlobCache cache, string name, int bytes)
    {
        await cache.GetAsync(name, path => File.WriteAllBytesAsync(path, new byte[bytes]));
        _ = cache.Find(name);
        _time.Advance(TimeSpan.FromSeconds(1));
    }
}
