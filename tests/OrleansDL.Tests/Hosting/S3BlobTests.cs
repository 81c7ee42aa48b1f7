using System.Net;
using OrleansDL.Blobs;

namespace OrleansDL.Tests.Hosting;

public sealed class S3BlobTests(S3Server server) : BlobContractTests, IClassFixture<S3Server>
{
    private const int Mebibyte = 1 << 20;

    protected override BlobOptions NewStore() => server.NewStore();

    [Fact]
    public async Task Errors_silence_and_answers_that_end_early_are_met_by_asking_again()
    {
        using var wire = new FaultyProxy(server.Port);
        await using var bench = await BlobBench.StartAsync(server.NewStore(wire.Port));
        var content = BlobBench.Random(7 * Mebibyte);
        wire.Fail("PUT", FaultyProxy.Fault.Refuse, FaultyProxy.Fault.Silence);
        var blob = await bench.Store.PutAsync(content);
        Assert.Equal(2, wire.Met);

        wire.Fail("GET", FaultyProxy.Fault.Refuse, FaultyProxy.Fault.Truncate, FaultyProxy.Fault.Silence);
        Assert.Equal(content, await bench.Reopen().ReadAsync(blob.Blob));
        Assert.Equal(5, wire.Met);
    }

    [Fact]
    public async Task Bytes_that_changed_on_the_way_are_never_served()
    {
        using var wire = new FaultyProxy(server.Port);
        await using var bench = await BlobBench.StartAsync(server.NewStore(wire.Port));
        var content = BlobBench.Random(5000);
        var blob = await bench.Store.PutAsync(content);

        // Damaged once, it is fetched again; damaged twice, it is named.
        wire.Fail("GET", FaultyProxy.Fault.Corrupt);
        Assert.Equal(content, await bench.Store.ReadAsync(blob.Blob));

        bench.EmptyCache();
        wire.Fail("GET", FaultyProxy.Fault.Corrupt, FaultyProxy.Fault.Corrupt);
        var error = await Assert.ThrowsAsync<BlobDamagedException>(() => bench.Store.ReadAsync(blob.Blob));
        Assert.Contains(blob.Blob.ToString(), error.Message, StringComparison.Ordinal);
        Assert.Equal(content, await bench.Store.ReadAsync(blob.Blob));
    }

    [Fact]
    public async Task A_store_that_stays_away_is_named_and_nothing_is_recorded()
    {
        using var wire = new FaultyProxy(server.Port);
        await using var bench = await BlobBench.StartAsync(server.NewStore(wire.Port));
        wire.Fail("PUT", [.. Enumerable.Repeat(FaultyProxy.Fault.Refuse, 4)]);

        var content = BlobBench.Random(100);
        var error = await Assert.ThrowsAsync<NoCapacityException>(() => bench.Store.PutAsync(content));
        Assert.Contains(bench.Options.Location, error.Message, StringComparison.Ordinal);
        Assert.Empty(await bench.ObjectsAsync());

        var blob = await bench.Store.PutAsync(content);
        Assert.Equal(content, await bench.Store.ReadAsync(blob.Blob));
    }

    [Fact]
    public async Task A_bucket_that_does_not_exist_is_named()
    {
        var options = server.NewStore();
        options.Location = "s3://no-such-bucket/x";
        await using var bench = await BlobBench.StartAsync(options);

        var error = await Assert.ThrowsAsync<NoCapacityException>(() => bench.Store.PutAsync(new byte[10]));
        Assert.Contains("NoSuchBucket", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reading_a_part_of_a_large_blob_fetches_that_part_and_the_cache_stays_within_its_limit()
    {
        var options = server.NewStore();
        options.CacheBytes = 9 * Mebibyte;
        await using var bench = await BlobBench.StartAsync(options);
        var content = BlobBench.Random(20 * Mebibyte);
        var blob = await bench.Store.PutAsync(content);

        await using (var stream = await bench.Store.OpenReadAsync(blob.Blob))
        {
            stream.Position = 17 * Mebibyte;
            var part = new byte[1000];
            await stream.ReadExactlyAsync(part);
            Assert.Equal(content[(17 * Mebibyte)..((17 * Mebibyte) + 1000)], part);
        }

        // The first block, which told the length, the one that was read, and the checksums.
        Assert.InRange(bench.Store.Cache.Bytes, 8 * Mebibyte, (8 * Mebibyte) + 4096);
        Assert.Equal(content, await bench.Store.ReadAsync(blob.Blob));
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => bench.Store.ReadAsync(blob.Blob)));
        Assert.InRange(bench.Store.Cache.Bytes, 1, 9 * Mebibyte);
    }

    [Fact]
    public async Task A_presigned_address_downloads_a_blob_and_takes_an_upload_that_is_verified()
    {
        await using var bench = await BlobBench.StartAsync(NewStore());
        using var http = new HttpClient();
        var content = BlobBench.Random(2 * Mebibyte);
        var blob = await bench.Store.PutAsync(content);
        Assert.Equal(content, await http.GetByteArrayAsync(await bench.Store.PresignDownloadAsync(blob.Blob, TimeSpan.FromMinutes(5))));

        var sent = BlobBench.Random(3 * Mebibyte);
        var expected = BlobId.FromHash(System.Security.Cryptography.SHA256.HashData(sent));
        var ticket = await bench.Store.PresignUploadAsync(TimeSpan.FromMinutes(5));
        using (var answer = await http.PutAsync(ticket!.Url, new ByteArrayContent(sent)))
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        await Assert.ThrowsAsync<InvalidException>(() => bench.Store.AdoptAsync(ticket.Name, blob.Blob));
        Assert.False(await bench.Store.ExistsAsync(expected));

        var again = await bench.Store.PresignUploadAsync(TimeSpan.FromMinutes(5));
        (await http.PutAsync(again!.Url, new ByteArrayContent(sent))).Dispose();
        Assert.Equal(new BlobRef { Blob = expected, Bytes = sent.Length }, await bench.Store.AdoptAsync(again.Name, expected));
        Assert.Equal(sent, await bench.Store.ReadAsync(expected));
    }
}
