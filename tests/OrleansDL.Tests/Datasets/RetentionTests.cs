using System.Net;
using System.Text.Json;
using Dapper;
using OrleansDL.Blobs;
using OrleansDL.Database;
using OrleansDL.Datasets;
using OrleansDL.Datasets.Retention;
using OrleansDL.Lineage;
using OrleansDL.Models;
using OrleansDL.Projects;

namespace OrleansDL.Tests.Datasets;

public sealed class RetentionTests(DatasetNode node) : IClassFixture<DatasetNode>
{
    private const string Root = DatasetNode.Root;

    private BlobStore Blobs => node.Service<BlobStore>();

    [Fact]
    public async Task Versions_beyond_the_limit_go_and_those_that_stay_keep_every_byte_they_share()
    {
        var name = await FourVersionsAsync("limits");
        var (lost, shared) = (await BlobOfAsync(name, "v2", "b.csv"), await BlobOfAsync(name, "v1", "a.csv"));
        await PutAsync($"{name}/retention", new { keepVersions = 2 });
        Assert.Equal(2, (await node.GetAsync($"{Root}/{name}")).GetProperty("retention").GetProperty("keepVersions").GetInt32());

        var dry = await PostAsync($"{name}/prune?dryRun=true");
        Assert.Equal([2, 1], Numbers(dry.GetProperty("expired")));
        Assert.True(dry.GetProperty("bytesFreed").GetInt64() > 0);
        Assert.Equal(["v4: head of branch main; one of the newest 2", "v3: one of the newest 2"], dry.GetProperty("kept").EnumerateArray().Select(kept =>
            $"v{kept.GetProperty("version").GetInt32()}: {string.Join("; ", kept.GetProperty("reasons").EnumerateArray().Select(reason => reason.GetString()))}"));
        await node.GetAsync($"{Root}/{name}/versions/v1/files");

        Assert.Equal([2, 1], Numbers((await PostAsync($"{name}/prune")).GetProperty("expired")));
        var gone = await node.GetAsync($"{Root}/{name}/versions/v1/files", HttpStatusCode.Gone);
        Assert.Contains("more than 2 versions are newer", gone.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("expired at ", (await node.GetAsync($"{Root}/{name}/versions/v1")).GetProperty("gone").GetString(), StringComparison.Ordinal);
        Assert.Equal([4, 3, 2, 1], (await node.GetAsync($"{Root}/{name}/log")).GetProperty("items").EnumerateArray().Select(version => version.GetProperty("version").GetInt32()));
        Assert.NotEmpty((await node.GetAsync($"/v1/projects/default/lineage?reference=dataset:{name}@v1")).GetProperty("nodes").EnumerateArray());
        await PostAsync($"{name}/branches", new { name = "back", from = "v1" }, HttpStatusCode.Gone);

        // Version 3 has the file that came with version 1.
        await Blobs.SweepAsync(TimeProvider.System.GetUtcNow().AddHours(1));
        Assert.False(await Blobs.ExistsAsync(lost));
        Assert.True(await Blobs.ExistsAsync(shared));
        Assert.Equal(2, (await node.GetAsync($"{Root}/{name}/versions/v3/rows")).GetProperty("items").GetArrayLength());
        Assert.Equal(3, (await node.GetAsync($"{Root}/{name}/versions/v4/rows")).GetProperty("items").GetArrayLength());
        await node.CommitAsync(name, "path=d.csv", "a\n9\n");
        Assert.Empty(Numbers((await PostAsync($"{name}/prune?dryRun=true")).GetProperty("expired")).Except([3]));
    }

    [Fact]
    public async Task Branches_tags_registered_models_and_the_point_where_a_branch_left_main_stay()
    {
        var name = await FourVersionsAsync("pins");
        await node.CommitAsync(name, "path=e.csv", "a\n5\n");
        await node.CommitAsync(name, "path=f.csv", "a\n6\n");
        await PostAsync($"{name}/branches", new { name = "dev", from = "v4" }, HttpStatusCode.Created);
        await node.CommitAsync(name, "path=g.csv&branch=dev", "a\n7\n");
        await PostAsync($"{name}/versions/v1/tags", new { tag = "golden" });
        var model = Guid.CreateVersion7();
        await node.Service<NameTable>().ClaimAsync("default", ThingKind.Model, "pinning", model);
        var commit = (await node.GetAsync($"{Root}/{name}/versions/v2")).GetProperty("commit").GetString();
        await node.Service<LineageLog>().RecordAsync(
            "default",
            [new LineageNode { Id = $"run:{model}", Kind = "run", Title = "a-run" }, new LineageNode { Id = $"model-version:{model}/1", Kind = "model-version", Title = "pinning@1" }],
            [Edge($"dataset-version:{commit}", $"run:{model}", "trained-on"), Edge($"run:{model}", $"model-version:{model}/1", "produced")]);
        await PutAsync($"{name}/retention", new { keepVersions = 1 });
        var report = await PostAsync($"{name}/prune");
        Assert.Equal([5, 3], Numbers(report.GetProperty("expired")));
        var kept = report.GetProperty("kept").EnumerateArray().ToDictionary(
            found => found.GetProperty("version").GetInt32(), found => string.Join("; ", found.GetProperty("reasons").EnumerateArray().Select(reason => reason.GetString())));
        Assert.Equal(("tag golden", "model-version pinning@1", "where branch dev left main", "head of branch main"), (kept[1], kept[2], kept[4], kept[6]));

        // A model that is no more pins nothing.
        await node.Service<NameTable>().ReleaseAsync(ThingKind.Model, model);
        Assert.Equal([2], Numbers((await PostAsync($"{name}/prune")).GetProperty("expired")));
    }

    [Fact]
    public async Task A_prune_that_is_killed_between_any_two_steps_is_finished_by_the_wake_up_and_loses_nothing()
    {
        var name = await FourVersionsAsync("killed");
        var dataset = (await node.GetAsync($"{Root}/{name}")).GetProperty("id").GetGuid();
        var (lost, shared) = (await BlobOfAsync(name, "v2", "b.csv"), await BlobOfAsync(name, "v1", "a.csv"));
        var (grain, expiry) = (node.Service<IGrainFactory>().GetGrain<IDatasetGrain>(dataset), node.Service<ExpiryTable>());

        // Killed after the versions were marked: nothing is let go of yet.
        Assert.Equal([1L, 2L], await grain.ExpireAsync([1, 2, 4], "a test.", purged: false));
        await Blobs.SweepAsync(TimeProvider.System.GetUtcNow().AddHours(1));
        Assert.True(await Blobs.ExistsAsync(lost));

        // Killed after they were let go of, before that was written down; the repeat finds nothing to undo.
        await node.Service<DatasetCollector>().CollectAsync(dataset, [1, 2], toPurge: false, CancellationToken.None);
        Assert.Equal(2, (await expiry.UncollectedAsync(dataset)).Count);
        await Blobs.SweepAsync(TimeProvider.System.GetUtcNow().AddHours(1));
        Assert.Equal((false, true), (await Blobs.ExistsAsync(lost), await Blobs.ExistsAsync(shared)));

        await grain.WakeAsync("retention", null);


        // One after the other: when the next one is done, what the wake-up began is.
        await node.Service<RetentionWorker>().BeginAsync(dataset);
        Assert.Empty(await expiry.UncollectedAsync(dataset));
        await Blobs.SweepAsync(TimeProvider.System.GetUtcNow().AddHours(1));
        Assert.Equal(2, (await node.GetAsync($"{Root}/{name}/versions/v3/rows")).GetProperty("items").GetArrayLength());
        Assert.Equal(3, (await node.GetAsync($"{Root}/{name}/versions/v4/rows")).GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task It_is_known_which_versions_hold_a_file_a_source_or_a_row_and_who_used_them()
    {
        var name = await FourVersionsAsync("used");
        var commit = (await node.GetAsync($"{Root}/{name}/versions/v3")).GetProperty("commit").GetString();
        await node.Service<LineageLog>().RecordAsync("default", [new LineageNode { Id = "run:used-by", Kind = "run", Title = "a-run" }], [Edge($"dataset-version:{commit}", "run:used-by", "trained-on")]);

        var path = await node.GetAsync($"{Root}/{name}/usage?path=a.csv");
        Assert.Equal([4, 3, 1], path.GetProperty("versions").EnumerateArray().Select(version => version.GetProperty("version").GetInt32()));
        var user = Assert.Single(path.GetProperty("users").EnumerateArray());
        Assert.Equal(("run", "a-run", 3, false), (user.GetProperty("kind").GetString(), user.GetProperty("title").GetString(), user.GetProperty("version").GetInt32(), user.GetProperty("live").GetBoolean()));
        Assert.Equal([2], (await node.GetAsync($"{Root}/{name}/usage?source=upload:b.csv")).GetProperty("versions").EnumerateArray().Select(version => version.GetProperty("version").GetInt32()));
        var row = await node.GetAsync($"{Root}/{name}/usage?row=2&version=v4");
        Assert.Equal(("c.csv", "upload:c.csv"), (row.GetProperty("path").GetString(), row.GetProperty("source").GetString()));
        await node.GetAsync($"{Root}/{name}/usage?row=7&version=v4", HttpStatusCode.NotFound);
        await node.GetAsync($"{Root}/{name}/usage?row=7&path=a", HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_purge_is_refused_with_the_list_of_users_and_removes_the_bytes_at_once_when_it_may()
    {
        // Small files lie in packs with others.
        var name = "purges";
        await node.CreateAsync(name, "files");
        await node.CommitAsync(name, "format=tar", Pictures.Tar(("a/1.txt", "one"u8.ToArray()), ("a/2.txt", "two"u8.ToArray())));
        var blob = await BlobOfAsync(name, "v1", "a/1.txt");
        var refused = await PostAsync($"{name}/purge", new { path = "a/1.txt", reason = "asked to" }, HttpStatusCode.Conflict);
        Assert.Contains("branch main is at v1", refused.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await PostAsync($"{name}/purge", new { path = "a/1.txt", source = "x", reason = "asked to" }, HttpStatusCode.BadRequest);
        await PostAsync($"{name}/purge", new { path = "a/1.txt", reason = " " }, HttpStatusCode.BadRequest);

        await node.CommitAsync(name, "format=file&path=a/3.txt&remove=a/1.txt", "three");
        var report = await PostAsync($"{name}/purge", new { path = "a/1.txt", reason = "asked to" });
        Assert.Equal([1], Numbers(report.GetProperty("versions")));
        Assert.True(report.GetProperty("blobsRemoved").GetInt32() > 0);
        Assert.False(await Blobs.ExistsAsync(blob));
        var gone = await node.GetAsync($"{Root}/{name}/versions/v1/files", HttpStatusCode.Gone);
        Assert.Contains("asked to (by ", gone.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal("two", await node.Http.GetStringAsync($"{Root}/{name}/versions/v2/download?path=a/2.txt"));
        Assert.Equal("three", await node.Http.GetStringAsync($"{Root}/{name}/versions/v2/download?path=a/3.txt"));

        // Forced, the head itself goes; the next version replaces it.
        var forced = await PostAsync($"{name}/purge", new { version = "main", reason = "asked again", force = true });
        Assert.Equal([2], Numbers(forced.GetProperty("versions")));
        Assert.Contains("forced by ", (await node.GetAsync($"{Root}/{name}/versions/main")).GetProperty("gone").GetString(), StringComparison.Ordinal);
        await node.CommitAsync(name, "format=file&path=b.txt", "four", HttpStatusCode.Gone);
        await node.CommitAsync(name, "format=file&path=b.txt&mode=replace", "four");
        Assert.Equal("four", await node.Http.GetStringAsync($"{Root}/{name}/versions/main/download?path=b.txt"));
    }

    [Fact]
    public async Task A_purge_takes_the_shards_and_statistics_made_of_the_rows_with_it_and_tidying_leaves_what_is_needed()
    {
        await node.CreateAsync("derived", "table");
        await node.CommitAsync("derived", "path=a.csv", "name,n\nsecret,1\nother,2\n");
        await node.GetAsync($"{Root}/derived/versions/v1/labels?column=name");
        var shard = (await node.GetAsync($"{Root}/derived/versions/v1/mds/index.json")).GetProperty("shards")[0];
        var bytes = BlobId.Parse($"sha256:{shard.GetProperty("raw_data").GetProperty("hashes").GetProperty("sha256").GetString()}");
        Assert.True(await Blobs.ExistsAsync(bytes));
        var file = await BlobOfAsync("derived", "v1", "a.csv");
        var commit = BlobId.Parse((await node.GetAsync($"{Root}/derived/versions/v1")).GetProperty("commit").GetString()!);
        await node.Service<DerivedRows>().TidyAsync(CancellationToken.None);
        Assert.Equal((1, 1, 1), await DerivedAsync(file, commit, bytes));

        await node.CommitAsync("derived", "path=b.csv&mode=replace", "name,n\nplain,3\n");
        var other = await BlobOfAsync("derived", "v2", "b.csv");
        await PostAsync("derived/purge", new { version = "v1", reason = "asked to" });
        Assert.False(await Blobs.ExistsAsync(bytes));
        Assert.Equal((0, 0, 0), await DerivedAsync(file, commit, bytes));
        Assert.Equal(1, (await DerivedAsync(other, commit, bytes)).Summaries);
    }

    private async Task<(long Summaries, long Labels, long Shards)> DerivedAsync(BlobId file, BlobId commit, BlobId shard)
    {
        await using var connection = await node.Service<Db>().OpenAsync();
        return (
            await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM file_summary WHERE blob = @hex", new { hex = file.Hex }),
            await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM dataset_labels WHERE commit_sha256 = @hex", new { hex = commit.Hex }),
            await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM dataset_shard WHERE sha256 = @id OR sha256 = @hex", new { id = shard.ToString(), hex = shard.Hex }));
    }

    // Version 3 holds what came with version 1, and version 4 adds to it.
    private async Task<string> FourVersionsAsync(string name)
    {
        await node.CreateAsync(name, "table");
        await node.CommitAsync(name, "path=a.csv", $"a\n1\n{name.Length}\n");
        await node.CommitAsync(name, "path=b.csv&mode=replace", $"a\n3\n{name.Length}{name.Length}\n");
        await node.CommitAsync(name, "path=a.csv&mode=replace", $"a\n1\n{name.Length}\n");
        await node.CommitAsync(name, "path=c.csv", "a\n4\n");
        return name;
    }

    private async Task<BlobId> BlobOfAsync(string name, string version, string path) => BlobId.Parse(
        (await node.GetAsync($"{Root}/{name}/versions/{version}/files")).GetProperty("items").EnumerateArray()
            .Single(file => file.GetProperty("path").GetString() == path).GetProperty("blob").GetString()!);

    private static IEnumerable<int> Numbers(JsonElement numbers) => numbers.EnumerateArray().Select(number => number.GetInt32());

    private static LineageEdge Edge(string source, string target, string role) => new() { Source = source, Target = target, Role = role, Time = TimeProvider.System.GetUtcNow() };

    private Task<JsonElement> PostAsync(string path, object? body = null, HttpStatusCode expected = HttpStatusCode.OK) =>
        node.SendAsync(HttpMethod.Post, $"{Root}/{path}", expected, body is null ? null : DatasetNode.Json(body));

    private Task<JsonElement> PutAsync(string path, object body) => node.SendAsync(HttpMethod.Put, $"{Root}/{path}", HttpStatusCode.OK, DatasetNode.Json(body));
}
