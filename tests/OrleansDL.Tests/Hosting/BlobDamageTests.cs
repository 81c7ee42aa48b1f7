namespace OrleansDL.Tests.Hosting;

public sealed class BlobDamageTests
{
    private const int Mebibyte = 1 << 20;

    [Fact]
    public async Task A_damaged_small_blob_is_named_and_not_served()
    {
        await using var bench = await BlobBench.StartAsync();
        var blob = await bench.Store.PutAsync(BlobBench.Random(5000));
        BlobBench.Damage(bench.Store.PathOf(blob.Blob), 4999);

        await NotServedAsync(blob, () => bench.Store.ReadAsync(blob.Blob));
        await NotServedAsync(blob, () => bench.Store.OpenReadAsync(blob.Blob));
        await NotServedAsync(blob, () => bench.Store.FetchAsync(blob.Blob));
    }

    [Fact]
    public async Task A_truncated_blob_is_not_served()
    {
        await using var bench = await BlobBench.StartAsync();
        var blob = await bench.Store.PutAsync(BlobBench.Random(2 * Mebibyte));
        using (var file = new FileStream(bench.Store.PathOf(blob.Blob), FileMode.Open))
        {
            file.SetLength(Mebibyte);
        }

        await NotServedAsync(blob, () => bench.Store.OpenReadAsync(blob.Blob));
    }

    [Fact]
    public async Task No_byte_of_a_damaged_block_of_a_large_blob_is_handed_out()
    {
        await using var bench = await BlobBench.StartAsync();
        var content = BlobBench.Random((3 * Mebibyte) + 17);
        var blob = await bench.Store.PutAsync(content);
        BlobBench.Damage(bench.Store.PathOf(blob.Blob), (2 * Mebibyte) + 5);

        await using var stream = await bench.Store.OpenReadAsync(blob.Blob);
        var good = new byte[2 * Mebibyte];
        await stream.ReadExactlyAsync(good);
        Assert.Equal(content[..good.Length], good);
        await NotServedAsync(blob, async () => await stream.ReadAsync(new byte[1]));
        await NotServedAsync(blob, () => Task.FromResult(stream.ReadByte()));

        // What lies behind it is whole.
        stream.Position = 3 * Mebibyte;
        var end = new byte[17];
        await stream.ReadExactlyAsync(end);
        Assert.Equal(content[^17..], end);
        await NotServedAsync(blob, () => bench.Store.FetchAsync(blob.Blob));
    }

    [Fact]
    public async Task A_large_blob_without_whole_checksums_is_hashed_at_its_first_reading()
    {
        await using var bench = await BlobBench.StartAsync();
        var content = BlobBench.Random(2 * Mebibyte);
        var blob = await bench.Store.PutAsync(content);
        var sums = bench.Store.PathOf(blob.Blob) + ".sums";
        var before = await File.ReadAllBytesAsync(sums);

        File.Delete(sums);
        Assert.Equal(content, await bench.Store.ReadAsync(blob.Blob));
        Assert.Equal(before, await File.ReadAllBytesAsync(sums));

        BlobBench.Damage(sums, 25);
        Assert.Equal(content, await bench.Store.ReadAsync(blob.Blob));
        Assert.Equal(before, await File.ReadAllBytesAsync(sums));

        File.Delete(sums);
        BlobBench.Damage(bench.Store.PathOf(blob.Blob), 1);
        await NotServedAsync(blob, () => bench.Store.OpenReadAsync(blob.Blob));
        Assert.False(File.Exists(sums));
    }

    [Fact]
    public async Task A_damaged_blob_in_a_pack_is_named_and_its_neighbours_are_served()
    {
        await using var bench = await BlobBench.StartAsync();
        byte[][] contents = [BlobBench.Random(100), BlobBench.Random(100), BlobBench.Random(100)];
        var blobs = await bench.PackAsync(contents);
        var pack = Assert.Single(Directory.GetFiles(Path.Combine(bench.Options.Location, "packs"), "*", SearchOption.AllDirectories));

        // Behind the magic of 8 bytes the blobs lie one after the other.
        BlobBench.Damage(pack, 8 + 150);

        await NotServedAsync(blobs[1], () => bench.Store.ReadAsync(blobs[1].Blob));
        await NotServedAsync(blobs[1], () => bench.Store.FetchAsync(blobs[1].Blob));
        Assert.Equal(contents[0], await bench.Store.ReadAsync(blobs[0].Blob));
        Assert.Equal(contents[2], await bench.Store.ReadAsync(blobs[2].Blob));
    }

    [Fact]
    public async Task A_damaged_copy_in_the_cache_is_fetched_again()
    {
        await using var bench = await BlobBench.StartAsync();
        var content = BlobBench.Random(3000);
        var blob = Assert.Single(await bench.PackAsync(content));
        BlobBench.Damage(await bench.Store.FetchAsync(blob.Blob), 7);

        Assert.Equal(content, await File.ReadAllBytesAsync(await bench.Reopen().FetchAsync(blob.Blob)));
    }

    private static async Task NotServedAsync<T>(BlobRef blob, Func<Task<T>> read)
    {
        var error = await Assert.ThrowsAsync<BlobDamagedException>(read);
        Assert.Contains(blob.Blob.ToString(), error.Message, StringComparison.Ordinal);
    }
}
