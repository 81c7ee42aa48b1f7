using OrleansDL.Blobs;

namespace OrleansDL.Tests.Hosting;

/// <summary>What holds for every blob store, wherever its bytes lie.</summary>
public abstract class BlobContractTests
{
    private const int Mebibyte = 1 << 20;

    protected abstract BlobOptions NewStore();

    [Fact]
    public async Task What_was_put_is_read_in_every_way()
    {
        await using var bench = await BlobBench.StartAsync(NewStore());
        foreach (var length in new[] { 0, 1, 5000, Mebibyte, (6 * Mebibyte) + 17 })
        {
            var content = BlobBench.Random(length);
            var blob = await bench.Store.PutAsync(content);
            Assert.Equal(length, blob.Bytes);
            var store = bench.Reopen();
            Assert.True(await store.ExistsAsync(blob.Blob));
            Assert.Equal(content, await store.ReadAsync(blob.Blob));
            Assert.Equal(content, await File.ReadAllBytesAsync(await store.FetchAsync(blob.Blob)));

            await using var stream = await store.OpenReadAsync(blob.Blob);
            Assert.Equal(length, stream.Length);
            stream.Position = length / 2;
            var rest = new MemoryStream();
            await stream.CopyToAsync(rest);
            Assert.Equal(content[(length / 2)..], rest.ToArray());
            stream.Position = 0;
            Assert.Equal(length == 0 ? -1 : content[0], stream.ReadByte());
        }
    }

    [Fact]
    public async Task Small_blobs_lie_in_packs_and_are_read_one_by_one()
    {
        await using var bench = await BlobBench.StartAsync(NewStore());
        var contents = Enumerable.Range(0, 300).Select(i => BlobBench.Random(i)).ToList();
        var blobs = await bench.PackAsync(contents);
        var store = bench.Reopen();

        Assert.Equal(blobs.Select(blob => blob.Blob).ToHashSet(), await store.KnownAsync(blobs.Select(blob => blob.Blob)));
        for (var i = 0; i < 300; i += 23)
        {
            Assert.Equal(contents[i], await store.ReadAsync(blobs[i].Blob));
            Assert.Equal(contents[i], await File.ReadAllBytesAsync(await store.FetchAsync(blobs[i].Blob)));
        }
    }

    [Fact]
    public async Task A_link_to_a_blob_stays_when_the_cache_drops_its_file()
    {
        await using var bench = await BlobBench.StartAsync(NewStore());
        var content = BlobBench.Random(4000);
        var blob = Assert.Single(await bench.PackAsync(content));
        using var folder = new TempDirectory();
        var link = Path.Combine(folder.Path, "link");

        await bench.Store.LinkAsync(blob.Blob, link);
        File.Delete(await bench.Store.FetchAsync(blob.Blob));

        Assert.Equal(content, await File.ReadAllBytesAsync(link));
    }

    [Fact]
    public async Task What_the_store_lacks_is_named()
    {
        await using var bench = await BlobBench.StartAsync(NewStore());
        var blob = BlobId.Parse(new string('0', 64));

        Assert.False(await bench.Store.ExistsAsync(blob));
        Assert.Empty(await bench.Store.KnownAsync([blob]));
        foreach (var read in new Func<Task>[] { () => bench.Store.ReadAsync(blob), () => bench.Store.OpenReadAsync(blob), () => bench.Store.FetchAsync(blob) })
        {
            Assert.Contains(blob.ToString(), (await Assert.ThrowsAsync<NotFoundException>(read)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_sweep_takes_what_nobody_needs_and_compacts_packs_that_are_mostly_garbage()
    {
        await using var bench = await BlobBench.StartAsync(NewStore());
        var contents = Enumerable.Range(0, 20).Select(_ => BlobBench.Random(1000)).ToList();
        var packed = await bench.PackAsync(contents);
        var (kept, dropped) = (await bench.Store.PutAsync(BlobBench.Random(2 * Mebibyte)), await bench.Store.PutAsync(BlobBench.Random(2 * Mebibyte)));
        await bench.Store.ReferAsync("test:owner", [packed[3].Blob, packed[11].Blob, kept.Blob]);

        var dry = await bench.SweepAsync(dryRun: true);
        Assert.Equal((1, 18), (dry.Blobs.Count, dry.PackedBlobs.Count));
        Assert.True(await bench.Store.ExistsAsync(dropped.Blob));

        var report = await bench.SweepAsync();
        Assert.Equal((1, 2 * Mebibyte, 18, 18_000, 1), (report.Blobs.Count, report.Blobs.Bytes, report.PackedBlobs.Count, report.PackedBlobs.Bytes, report.Compacted.Count));
        Assert.False(await bench.Store.ExistsAsync(dropped.Blob));
        Assert.False(await bench.Store.ExistsAsync(packed[0].Blob));
        Assert.True(await bench.Store.ExistsAsync(kept.Blob));

        // Who knew where they lay finds them where they lie now.
        Assert.Equal(contents[3], await bench.Store.ReadAsync(packed[3].Blob));
        Assert.Equal(contents[11], await bench.Reopen().ReadAsync(packed[11].Blob));

        await bench.Store.UnreferAsync("test:owner");
        await bench.SweepAsync();
        Assert.Empty(await bench.ObjectsAsync());
    }

    [Fact]
    public async Task Rows_are_made_again_from_what_the_store_holds()
    {
        await using var bench = await BlobBench.StartAsync(NewStore());
        var content = BlobBench.Random(3000);
        var packed = Assert.Single(await bench.PackAsync(content));
        var loose = await bench.Store.PutAsync(BlobBench.Random(3000));
        await bench.ForgetRowsAsync();
        Assert.Empty(await bench.Store.KnownAsync([packed.Blob, loose.Blob]));

        var found = await bench.Admin().ReindexAsync();

        Assert.Equal((1, 1), (found.Blobs, found.Packs));
        Assert.Equal(2, (await bench.Store.KnownAsync([packed.Blob, loose.Blob])).Count);
        Assert.Equal(content, await bench.Reopen().ReadAsync(packed.Blob));
    }

    [Fact]
    public async Task All_blobs_move_to_another_store_and_a_copy_that_was_cut_off_goes_on()
    {
        await using var bench = await BlobBench.StartAsync(NewStore());
        var contents = new[] { BlobBench.Random(100), BlobBench.Random(3 * Mebibyte), BlobBench.Random(50_000) };
        var packed = Assert.Single(await bench.PackAsync(contents[0]));
        var (large, small) = (await bench.Store.PutAsync(contents[1]), await bench.Store.PutAsync(contents[2]));
        using var target = new TempDirectory();

        var first = await bench.Admin().CopyAsync(target.Path);
        File.Delete(Directory.GetFiles(target.Path, large.Blob.Hex[2..], SearchOption.AllDirectories).Single());
        var second = await bench.Admin().CopyAsync(target.Path);

        Assert.Equal((3, 0), (first.Copied, first.Present));
        Assert.Equal((1, 2), (second.Copied, second.Present));
        bench.MoveTo(target.Path);
        Assert.Equal(contents[0], await bench.Store.ReadAsync(packed.Blob));
        Assert.Equal(contents[1], await bench.Store.ReadAsync(large.Blob));
        Assert.Equal(contents[2], await bench.Store.ReadAsync(small.Blob));
    }
}
