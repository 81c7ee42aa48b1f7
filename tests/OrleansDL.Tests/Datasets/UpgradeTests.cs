using System.Net;
using System.Text.Json;

namespace OrleansDL.Tests.Datasets;

/// <summary>What an older release stored: dataset 'shapes' with three versions of 2, 3 and 5 rows, of which v2 is tagged 'golden'; 'papers' with one file; 'nothing' without a version.</summary>
public sealed class UpgradeTests(OldNode node) : IClassFixture<OldNode>
{
    private const string Shapes = $"{DatasetNode.Root}/shapes";

    [Fact]
    public async Task A_database_from_before_branches_gets_its_branch_main_and_goes_on()
    {
        var main = Assert.Single(await ItemsAsync($"{Shapes}/branches"));
        Assert.Equal(("main", 3), (main.GetProperty("name").GetString(), main.GetProperty("version").GetInt32()));
        Assert.StartsWith("sha256:82db8dc94d75", main.GetProperty("head").GetString(), StringComparison.Ordinal);
        Assert.Equal([3, 2, 1], (await ItemsAsync($"{Shapes}/log")).Select(version => version.GetProperty("version").GetInt32()));
        Assert.Empty(await ItemsAsync($"{DatasetNode.Root}/nothing/branches"));
        Assert.Equal(1, Assert.Single(await ItemsAsync($"{DatasetNode.Root}/papers/branches")).GetProperty("version").GetInt32());

        // What was stored is read as it was, by every kind of reference.
        foreach (var (reference, rows) in new[] { ("v1", 2), ("golden", 3), ("main", 5), ("latest", 5) })
        {
            Assert.Equal(rows, (await node.GetAsync($"{Shapes}/versions/{reference}")).GetProperty("rows").GetInt32());
            Assert.Equal(Enumerable.Range(1, rows), (await ItemsAsync($"{Shapes}/versions/{reference}/rows")).Select(row => row.GetProperty("x").GetInt32()));
        }

        Assert.Equal("hello", await node.Http.GetStringAsync($"{DatasetNode.Root}/papers/versions/v1/download?path=hello.txt"));
        Assert.Equal(3, (await node.GetAsync($"{Shapes}/diff?from=v1&to=v3")).GetProperty("rowsAdded").GetInt32());

        // And it goes on: a branch from an old version, a commit on either side, and a merge whose base is the old version.
        await node.SendAsync(HttpMethod.Post, $"{Shapes}/branches", HttpStatusCode.Created, DatasetNode.Json(new { name = "dev", from = "v1" }));
        await node.CommitAsync("shapes", "path=d.csv&branch=dev", "x,side\n6,left\n");
        await node.CommitAsync("shapes", "path=e.csv", "x,side\n7,left\n");
        var merged = await node.SendAsync(HttpMethod.Post, $"{Shapes}/branches/main/merge", HttpStatusCode.OK, DatasetNode.Json(new { source = "dev" }));
        Assert.Equal("merged", merged.GetProperty("outcome").GetString());
        Assert.Equal([1, 2, 3, 4, 5, 6, 7], (await ItemsAsync($"{Shapes}/versions/latest/rows")).Select(row => row.GetProperty("x").GetInt32()).Order());
        var reverted = await node.SendAsync(HttpMethod.Post, $"{Shapes}/branches/main/revert", HttpStatusCode.OK, DatasetNode.Json(new { version = "v3" }));
        Assert.Equal(5, reverted.GetProperty("head").GetProperty("rows").GetInt32());
    }

    private async Task<IEnumerable<JsonElement>> ItemsAsync(string path) => (await node.GetAsync(path)).GetProperty("items").EnumerateArray();
}
