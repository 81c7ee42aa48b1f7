using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Apache.Arrow;
using Apache.Arrow.Ipc;
using OrleansDL.Datasets;
using OrleansDL.Datasets.Shards;

namespace OrleansDL.Tests.Datasets.Shards;

public sealed class DatasetShardsTests(DatasetNode node) : IClassFixture<DatasetNode>
{
    [Fact]
    public async Task A_version_is_read_as_shards_over_http_with_ranges_and_digests()
    {
        await node.CreateAsync("ranged", "table");
        await node.CommitAsync("ranged", "format=csv&path=a.csv", Csv(0, 500));
        var mds = $"{DatasetNode.Root}/ranged/versions/v1/mds";
        var index = await node.GetAsync($"{mds}/index.json");
        var shard = Assert.Single(index.GetProperty("shards").EnumerateArray());
        Assert.Equal(["int64", "str"], shard.GetProperty("column_encodings").EnumerateArray().Select(encoding => encoding.GetString()));
        Assert.Equal(500, shard.GetProperty("samples").GetInt32());
        var (name, digest) = (shard.GetProperty("raw_data").GetProperty("basename").GetString(), shard.GetProperty("raw_data").GetProperty("hashes").GetProperty("sha256").GetString());
        var bytes = await node.Http.GetByteArrayAsync($"{mds}/{name}");
        Assert.Equal(digest, Convert.ToHexStringLower(SHA256.HashData(bytes)));

        using var request = new HttpRequestMessage(HttpMethod.Get, $"{mds}/{name}") { Headers = { Range = new RangeHeaderValue(10, 29) } };
        using var part = await node.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal(bytes[10..30], await part.Content.ReadAsByteArrayAsync());
        Assert.Equal($"\"{digest}\"", part.Headers.ETag!.Tag);
        var status = await node.GetAsync(mds);
        Assert.Equal(("ready", 500, bytes.Length), (status.GetProperty("state").GetString(), status.GetProperty("rowsDone").GetInt64(), status.GetProperty("bytes").GetInt32()));
        await node.GetAsync($"{mds}/shard.00001.mds", HttpStatusCode.NotFound);
        await node.GetAsync($"{mds}/other", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Rows_are_read_as_record_batches_by_columns_and_range()
    {
        await node.CreateAsync("batches", "table");
        await node.CommitAsync("batches", "format=csv&path=a.csv", Csv(0, 100));
        var stream = await node.Http.GetStreamAsync($"{DatasetNode.Root}/batches/versions/v1/batches?columns=word&firstRow=95&rows=3");
        using var reader = new ArrowStreamReader(stream);
        using var batch = await reader.ReadNextRecordBatchAsync();
        Assert.Equal(["word"], reader.Schema.FieldsList.Select(field => field.Name));
        Assert.Equal(["w95", "w96", "w97"], Enumerable.Range(0, batch.Length).Select(row => ((StringArray)batch.Column(0)).GetString(row)));
        Assert.Null(await reader.ReadNextRecordBatchAsync());
        await node.GetAsync($"{DatasetNode.Root}/batches/versions/v1/batches?columns=none", HttpStatusCode.BadRequest);
        await node.GetAsync($"{DatasetNode.Root}/batches/versions/v1/batches?firstRow=-1", HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task An_append_makes_shards_of_what_is_new_only()
    {
        await node.CreateAsync("grows", "files");
        var first = await ManyAsync("grows", 0, 600);
        var before = await PreparedAsync(first);
        Assert.Equal(2, before.Count);
        var second = await ManyAsync("grows", 600, 10);
        var known = await node.Service<DatasetShards>().SetsAsync(second, default);
        Assert.Single(known, set => !set.Complete);
        var after = await PreparedAsync(second);
        Assert.Equal(610, after.Sum(shard => shard.Samples));
        Assert.Equal(before.SkipLast(1).Select(shard => shard.Blob), after.Take(before.Count - 1).Select(shard => shard.Blob));
    }

    [Fact]
    public async Task Collected_shards_and_those_a_killed_builder_left_half_done_are_made_again_bit_equal()
    {
        await node.CreateAsync("again", "table");
        await node.CommitAsync("again", "format=csv&path=a.csv", Csv(0, 300));
        var version = await VersionAsync("again");
        var (shards, table) = (node.Service<DatasetShards>(), node.Service<ShardTable>());
        var made = await PreparedAsync(version);
        var set = Assert.Single(await shards.SetsAsync(version, default));

        Assert.Equal(0, await shards.CollectAsync(TimeProvider.System.GetUtcNow().AddDays(-1)));
        Assert.True(await shards.CollectAsync(TimeProvider.System.GetUtcNow().AddMinutes(1)) >= 1);
        Assert.False(Assert.Single(await shards.SetsAsync(version, default)).Complete);
        Assert.Empty((await table.ListAsync([set.Source]))[set.Source]);
        Assert.Equal(made.Select(shard => shard.Blob), (await PreparedAsync(version)).Select(shard => shard.Blob));

        // What SIGKILL between the last shard and the end of the set leaves behind.
        await shards.CollectAsync(TimeProvider.System.GetUtcNow().AddMinutes(1));
        await Assert.ThrowsAsync<OperationCanceledException>(() => shards.BuildAsync(version, set, rows => _ = rows > 0 ? throw new OperationCanceledException() : rows, default));
        Assert.False(Assert.Single(await shards.SetsAsync(version, default)).Complete);
        Assert.Equal(made.Select(shard => shard.Blob), (await PreparedAsync(version)).Select(shard => shard.Blob));
    }

    [Fact, Trait("Category", "Slow")]
    public async Task The_rows_behind_the_last_whole_shard_give_what_they_would_have_given()
    {
        await node.CreateAsync("cut", "files");
        var random = new Random(1);
        var files = Enumerable.Range(0, 10).Select(number =>
        {
            var bytes = new byte[20 << 20];
            random.NextBytes(bytes);
            return ($"{number:d3}.bin", bytes);
        }).ToArray();
        await node.CommitAsync("cut", "format=tar", Pictures.Tar(files));
        var version = await VersionAsync("cut");
        var shards = node.Service<DatasetShards>();
        var set = Assert.Single(await shards.SetsAsync(version, default));
        var built = 0;
        await Assert.ThrowsAsync<OperationCanceledException>(() => shards.BuildAsync(version, set, rows => _ = ++built == 3 ? throw new OperationCanceledException() : rows, default));
        var left = (await node.Service<ShardTable>().ListAsync([set.Source]))[set.Source].ToList();
        Assert.Equal(2, left.Count);
        var resumed = await PreparedAsync(version);

        await shards.CollectAsync(TimeProvider.System.GetUtcNow().AddMinutes(1));
        Assert.Equal(resumed.Select(shard => shard.Blob), (await PreparedAsync(version)).Select(shard => shard.Blob));
        Assert.Equal(left.Select(shard => shard.Sha256), resumed.Take(2).Select(shard => shard.Blob.Hex));
    }

    private static string Csv(int first, int rows)
    {
        var text = new StringBuilder("number,word\n");
        for (var row = first; row < first + rows; row++)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{row},w{row}\n");
        }

        return text.ToString();
    }

    private async Task<DatasetVersion> ManyAsync(string dataset, int first, int files)
    {
        await node.CommitAsync(dataset, "format=tar", Pictures.Tar([.. Enumerable.Range(first, files).Select(number => ($"folder/{number:d7}.bin", Encoding.UTF8.GetBytes($"file {number}")))]));
        return await VersionAsync(dataset);
    }

    private Task<DatasetVersion> VersionAsync(string dataset) => node.Service<IGrainFactory>().GetGrain<IDatasetsGrain>("default").ResolveAsync(dataset);

    private async Task<List<DatasetShard>> PreparedAsync(DatasetVersion version)
    {
        var index = await node.GetAsync($"{DatasetNode.Root}/{version.DatasetName}/versions/v{version.Version}/mds/index.json");
        Assert.NotEmpty(index.GetProperty("shards").EnumerateArray());
        var shards = node.Service<DatasetShards>();
        return await shards.ListAsync(await shards.SetsAsync(version, default));
    }
}
