using System.Net;
using System.Text.Json;
using OrleansDL.Events;

namespace OrleansDL.Tests.Datasets;

public sealed class BranchTests(DatasetNode node) : IClassFixture<DatasetNode>
{
    private const string Root = DatasetNode.Root;

    [Fact]
    public async Task A_branch_is_made_committed_on_moved_and_deleted_and_copies_nothing()
    {
        var name = await StartAsync("branches");
        var before = node.Files();
        var branch = await PostAsync($"{name}/branches", new { name = "dev" }, HttpStatusCode.Created);
        Assert.Equal((1, before), (branch.GetProperty("version").GetInt32(), node.Files()));
        await PostAsync($"{name}/branches", new { name = "dev", from = "v1" }, HttpStatusCode.Created);

        var second = await node.CommitAsync(name, "path=b.csv&branch=dev", "a,t\n3,y\n");
        Assert.Equal(("dev", 2), (second.GetProperty("branch").GetString(), second.GetProperty("version").GetInt32()));
        Assert.Equal((2, 1), (await NumberAsync(name, "dev"), await NumberAsync(name, "main")));
        Assert.Equal(1, await NumberAsync(name, "latest"));
        await PostAsync($"{name}/branches", new { name = "dev", from = "v1" }, HttpStatusCode.Conflict);

        // Moved from where it is, and from nowhere else.
        var head = second.GetProperty("commit").GetString();
        await SendAsync(HttpMethod.Patch, $"{name}/branches/main", new { to = "dev", expectedHead = head }, HttpStatusCode.Conflict);
        var moved = await SendAsync(HttpMethod.Patch, $"{name}/branches/main", new { to = "dev", expectedHead = second.GetProperty("parent").GetString() });
        Assert.Equal(2, moved.GetProperty("version").GetInt32());
        Assert.Equal(head, (await node.GetAsync($"{Root}/{name}")).GetProperty("head").GetString());
        Assert.Equal(["dev", "main"], (await node.GetAsync($"{Root}/{name}/branches")).GetProperty("items").EnumerateArray().Select(item => item.GetProperty("name").GetString()));

        await node.SendAsync(HttpMethod.Delete, $"{Root}/{name}/branches/main", HttpStatusCode.BadRequest);
        await node.SendAsync(HttpMethod.Delete, $"{Root}/{name}/branches/dev?expectedHead=sha256:{new string('0', 64)}", HttpStatusCode.Conflict);
        await node.SendAsync(HttpMethod.Delete, $"{Root}/{name}/branches/dev?expectedHead={head}", HttpStatusCode.NoContent);
        await node.GetAsync($"{Root}/{name}/versions/dev", HttpStatusCode.NotFound);
        await node.GetAsync($"{Root}/{name}/branches/dev", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Names_of_branches_and_tags_are_one_namespace()
    {
        var name = await StartAsync("names");
        await PostAsync($"{name}/versions/v1/tags", new { tag = "golden" });
        await PostAsync($"{name}/branches", new { name = "golden" }, HttpStatusCode.BadRequest);
        await PostAsync($"{name}/branches", new { name = "dev" }, HttpStatusCode.Created);
        await PostAsync($"{name}/versions/v1/tags", new { tag = "dev" }, HttpStatusCode.Conflict);
        await node.CommitAsync(name, "path=b.csv&tags=dev", "a,t\n3,y\n", HttpStatusCode.BadRequest);
        await PostAsync($"{name}/branches", new { name = "v3" }, HttpStatusCode.BadRequest);
        await PostAsync($"{name}/branches", new { name = "latest" }, HttpStatusCode.BadRequest);

        await node.CommitAsync(name, "path=b.csv&tags=golden", "a,t\n3,y\n");
        Assert.Equal(2, await NumberAsync(name, "golden"));
        await SendAsync(HttpMethod.Put, $"{name}/tags/golden", new { version = "v1" });
        Assert.Equal(1, await NumberAsync(name, "golden"));
        var tag = Assert.Single((await node.GetAsync($"{Root}/{name}/tags")).GetProperty("items").EnumerateArray());
        Assert.Equal((1, 1), (tag.GetProperty("version").GetInt32(), tag.GetProperty("versions").GetInt32()));
        await node.SendAsync(HttpMethod.Delete, $"{Root}/{name}/tags/golden", HttpStatusCode.NoContent);
        await node.GetAsync($"{Root}/{name}/versions/golden", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_branch_with_nothing_of_its_own_is_moved_ahead_and_whoever_waits_for_it_is_told()
    {
        var name = await StartAsync("ahead");
        await PostAsync($"{name}/branches", new { name = "dev" }, HttpStatusCode.Created);
        await node.CommitAsync(name, "path=b.csv&branch=dev", "a,t\n3,y\n");
        var merged = await PostAsync($"{name}/branches/main/merge", new { source = "dev" });
        Assert.Equal(("fastForward", 2), (merged.GetProperty("outcome").GetString(), merged.GetProperty("head").GetProperty("version").GetInt32()));
        Assert.Equal(2, await NumberAsync(name, "main"));
        Assert.Equal("upToDate", (await PostAsync($"{name}/branches/main/merge", new { source = "dev" })).GetProperty("outcome").GetString());

        var events = (await node.Service<EventLog>().ReadAsync("default", 0, 1000)).Select(e => JsonSerializer.Deserialize<JsonElement>(e.Data))
            .Where(data => data.GetProperty("name").GetString() == name)
            .Select(data => (data.GetProperty("branch").GetString(), data.GetProperty("version").GetInt32(), data.GetProperty("moved").GetBoolean(), data.GetProperty("rowsAdded").GetInt32()));
        Assert.Equal([("main", 1, false, 2), ("dev", 2, false, 1), ("main", 2, true, 1)], events);
    }

    [Fact]
    public async Task Two_branches_are_merged_into_a_commit_with_two_parents_and_the_sources_of_all_rows()
    {
        var name = await StartAsync("merges");
        await PostAsync($"{name}/branches", new { name = "dev" }, HttpStatusCode.Created);
        var theirs = await node.CommitAsync(name, "path=b.csv&branch=dev&remove=a.csv", "a,t\n3,y\n4.5,y\n");
        var ours = await node.CommitAsync(name, "path=c.csv", "a,t\n5,z\n");
        var result = await PostAsync($"{name}/branches/main/merge", new { source = "dev", message = "together" });
        var head = result.GetProperty("head");
        Assert.Equal(("merged", 1, 4), (result.GetProperty("outcome").GetString(), result.GetProperty("base").GetInt32(), head.GetProperty("version").GetInt32()));
        Assert.Equal(
            [ours.GetProperty("commit").GetString(), theirs.GetProperty("commit").GetString()], head.GetProperty("parents").EnumerateArray().Select(parent => parent.GetString()));
        Assert.Equal(
            [("upload:b.csv", 0, 2), ("upload:c.csv", 2, 1)],
            head.GetProperty("sources").EnumerateArray().Select(source => (source.GetProperty("uri").GetString()!, source.GetProperty("firstRow").GetInt32(), source.GetProperty("rows").GetInt32())));
        Assert.Equal("float64", head.GetProperty("schema")[0].GetProperty("type").GetString());
        var statistics = (await node.GetAsync($"{Root}/{name}/versions/main/statistics")).GetProperty("items");
        Assert.Equal((3, 12.5 / 3), (statistics[0].GetProperty("count").GetInt32(), statistics[0].GetProperty("mean").GetDouble()));

        // Newest first, over both parents, page by page.
        var read = new List<int>();
        string? token = null;
        do
        {
            var page = await node.GetAsync($"{Root}/{name}/log?from=main&pageSize=1&pageToken={token}");
            read.AddRange(page.GetProperty("items").EnumerateArray().Select(version => version.GetProperty("version").GetInt32()));
            token = page.TryGetProperty("nextPageToken", out var next) ? next.GetString() : null;
        }
        while (token is not null);

        Assert.Equal([4, 3, 2, 1], read);

        // From the common ancestor only what the branch did; a diff of the two heads has both.
        var since = await node.GetAsync($"{Root}/{name}/diff?from=v3&to=dev&sinceBase=true");
        Assert.Equal((1, 1, 1), (since.GetProperty("from").GetInt32(), since.GetProperty("added").GetArrayLength(), since.GetProperty("removed").GetArrayLength()));
        var diff = await node.GetAsync($"{Root}/{name}/diff?from=v3&to=dev");
        Assert.Equal((1, 2), (diff.GetProperty("added").GetArrayLength(), diff.GetProperty("removed").GetArrayLength()));
        var column = Assert.Single(diff.GetProperty("columns").EnumerateArray());
        Assert.Equal(("int64", "float64"), (column.GetProperty("old").GetProperty("type").GetString(), column.GetProperty("new").GetProperty("type").GetString()));
        var labels = diff.GetProperty("statistics").EnumerateArray().Single(change => change.GetProperty("name").GetString() == "t");
        Assert.Equal((2, -1), (labels.GetProperty("values").GetProperty("y").GetInt32(), labels.GetProperty("values").GetProperty("z").GetInt32()));
    }

    [Fact]
    public async Task Conflicts_are_reported_with_both_sides_and_change_nothing_unless_a_side_is_chosen()
    {
        var name = await StartAsync("conflicts");
        await PostAsync($"{name}/branches", new { name = "dev" }, HttpStatusCode.Created);
        await PostAsync($"{name}/branches", new { name = "other" }, HttpStatusCode.Created);
        await node.CommitAsync(name, "path=a.csv&branch=dev&remove=a.csv", "a,t\n7,their\n");
        await node.CommitAsync(name, "path=a.csv&remove=a.csv", "a,t\n8,our\n");
        var refused = await PostAsync($"{name}/branches/main/merge", new { source = "dev" });
        Assert.Equal(("conflicts", 1, 3), (refused.GetProperty("outcome").GetString(), refused.GetProperty("conflictCount").GetInt32(), refused.GetProperty("head").GetProperty("version").GetInt32()));
        var conflict = refused.GetProperty("conflicts")[0];
        Assert.Equal("a.csv", conflict.GetProperty("path").GetString());
        Assert.Equal(3, new[] { "base", "ours", "theirs" }.Select(side => conflict.GetProperty(side).GetProperty("blob").GetString()).Distinct().Count());
        Assert.Equal(3, await NumberAsync(name, "main"));

        var ours = await PostAsync($"{name}/branches/main/merge", new { source = "dev", strategy = "ours" });
        Assert.Equal((await ContentAsync(name, "v3"), 4), (await ContentAsync(name, "main"), ours.GetProperty("head").GetProperty("version").GetInt32()));
        Assert.Equal("upToDate", (await PostAsync($"{name}/branches/main/merge", new { source = "dev" })).GetProperty("outcome").GetString());

        await node.CommitAsync(name, "path=a.csv&branch=other&remove=a.csv", "a,t\n9,other\n");
        await PostAsync($"{name}/branches/other/merge", new { source = "dev", strategy = "theirs" });
        Assert.Equal(await ContentAsync(name, "dev"), await ContentAsync(name, "other"));
    }

    [Fact]
    public async Task A_revert_undoes_one_version_and_leaves_the_later_ones()
    {
        var name = await StartAsync("reverts");
        await node.CommitAsync(name, "path=b.csv&remove=a.csv&message=swap", "a,t\n3,y\n");
        await node.CommitAsync(name, "path=c.csv", "a,t\n4,y\n");
        var reverted = await PostAsync($"{name}/branches/main/revert", new { version = "v2" });
        Assert.Equal(("merged", "Revert v2: swap"), (reverted.GetProperty("outcome").GetString(), reverted.GetProperty("head").GetProperty("message").GetString()));
        Assert.Equal(
            ["a.csv", "c.csv"], (await node.GetAsync($"{Root}/{name}/versions/main/files")).GetProperty("items").EnumerateArray().Select(file => file.GetProperty("path").GetString()));
        Assert.Equal(["upload:a.csv", "upload:c.csv"], reverted.GetProperty("head").GetProperty("sources").EnumerateArray().Select(source => source.GetProperty("uri").GetString()));
        Assert.Equal("upToDate", (await PostAsync($"{name}/branches/main/revert", new { version = "v2" })).GetProperty("outcome").GetString());
    }

    [Fact]
    public async Task A_repeated_key_merges_once_and_mergers_at_once_lose_no_row()
    {
        var name = await StartAsync("merge-crowd");
        for (var i = 0; i < 3; i++)
        {
            await PostAsync($"{name}/branches", new { name = $"dev{i}", from = "v1" }, HttpStatusCode.Created);
            await node.CommitAsync(name, $"path=dev{i}.csv&branch=dev{i}", $"a,t\n{i},y\n");
        }

        await Task.WhenAll(
            Enumerable.Range(0, 3).Select(i => PostAsync($"{name}/branches/main/merge", new { source = $"dev{i}" }))
                .Append(node.CommitAsync(name, "path=main.csv", "a,t\n9,y\n")));
        Assert.Equal(6, (await node.GetAsync($"{Root}/{name}/versions/main")).GetProperty("rows").GetInt32());

        for (var i = 0; i < 2; i++)
        {
            var again = await node.SendAsync(
                HttpMethod.Post, $"{Root}/{name}/branches/dev0/merge", HttpStatusCode.OK, DatasetNode.Json(new { source = "dev1" }), ("Idempotency-Key", "merge-1"));
            Assert.Equal("merged", again.GetProperty("outcome").GetString());
        }
    }

    private async Task<string> StartAsync(string name)
    {
        await node.CreateAsync(name, "table");
        await node.CommitAsync(name, "path=a.csv", "a,t\n1,x\n2,x\n");
        return name;
    }

    private async Task<int> NumberAsync(string name, string version) => (await node.GetAsync($"{Root}/{name}/versions/{version}")).GetProperty("version").GetInt32();

    private async Task<string?> ContentAsync(string name, string version) => (await node.GetAsync($"{Root}/{name}/versions/{version}")).GetProperty("content").GetString();

    private Task<JsonElement> PostAsync(string path, object body, HttpStatusCode expected = HttpStatusCode.OK) => SendAsync(HttpMethod.Post, path, body, expected);

    private Task<JsonElement> SendAsync(HttpMethod method, string path, object body, HttpStatusCode expected = HttpStatusCode.OK) =>
        node.SendAsync(method, $"{Root}/{path}", expected, DatasetNode.Json(body));
}
