using System.Text;
using OrleansDL.Blobs;

namespace OrleansDL.Tests.Hosting;

[Collection(ServerNodeCollection.Name)]
public sealed class BlobStoreTests(ServerNode node)
{
    private BlobStore Blobs => node.Get<BlobStore>();

    [Fact]
    public async Task The_same_bytes_are_the_same_blob_and_one_file()
    {
        var bytes = Encoding.UTF8.GetBytes(Guid.NewGuid().ToString());

        var first = await Blobs.PutAsync(bytes);
        var before = File.GetLastWriteTimeUtc(Blobs.PathOf(first.Blob));
        var second = await Blobs.PutAsync(new MemoryStream(bytes));

        Assert.Equal(first, second);
        Assert.Equal(before, File.GetLastWriteTimeUtc(Blobs.PathOf(first.Blob)));
        Assert.Equal(bytes, await Blobs.ReadAsync(first.Blob));
    }

    [Fact]
    public async Task A_blob_that_is_not_completed_leaves_nothing()
    {
        var incoming = Path.Combine(node.Folder, "blobs", "incoming");
        var writer = Blobs.Create();
        await writer.WriteAsync(new byte[100_000]);
        Assert.NotEmpty(Directory.GetFiles(incoming));

        await writer.DisposeAsync();

        Assert.Empty(Directory.GetFiles(incoming));
    }

    [Fact]
    public async Task The_sweep_takes_old_blobs_that_nobody_refers_to_and_no_others()
    {
        var kept = await Blobs.PutAsync(Encoding.UTF8.GetBytes(Guid.NewGuid().ToString()));
        var dropped = await Blobs.PutAsync(Encoding.UTF8.GetBytes(Guid.NewGuid().ToString()));
        await Blobs.ReferAsync("test:owner", [kept.Blob, dropped.Blob]);
        await Blobs.UnreferAsync("test:owner", [dropped.Blob]);
        var young = TimeProvider.System.GetUtcNow().AddMinutes(-1);

        await Blobs.SweepAsync(young);
        Assert.True(await Blobs.ExistsAsync(dropped.Blob));

        await Blobs.SweepAsync(TimeProvider.System.GetUtcNow().AddMinutes(1));
        Assert.True(await Blobs.ExistsAsync(kept.Blob));
        Assert.False(await Blobs.ExistsAsync(dropped.Blob));
    }

    [Fact]
    public async Task A_missing_blob_is_named() => Assert.Contains(
        "sha256:" + new string('0', 64),
        (await Assert.ThrowsAsync<NotFoundException>(() => Blobs.OpenReadAsync(BlobId.Parse(new string('0', 64))))).Message,
        StringComparison.Ordinal);
}
