using System.Net;
using System.Text.Json;
using OrleansDL.Events;

namespace OrleansDL.Tests.Datasets;

public sealed class ValidationPolicyTests(DatasetNode node) : IClassFixture<DatasetNode>
{
    private const string Root = DatasetNode.Root;
    private const string Good = "age,kind\n30,a\n40,b\n50,a\n";
    private const string Bad = "age,kind\n130,a\n60,b\n";

    [Fact]
    public async Task A_policy_that_warns_records_what_was_found_on_the_version_and_in_the_event()
    {
        var id = (await node.CreateAsync("warns", "table")).GetProperty("id").GetGuid();
        await SetAsync("warns", new { expectations = new[] { new { column = "age", max = 120 } } });
        var first = await node.CommitAsync("warns", "path=a.csv", Good);
        Assert.Equal(0, first.GetProperty("validation").GetProperty("errors").GetInt32());
        var second = await node.CommitAsync("warns", "path=b.csv", Bad);
        var anomaly = second.GetProperty("validation").GetProperty("anomalies")[0];
        Assert.Equal(("error", "outOfRange", "age", 130, 120), (anomaly.GetProperty("severity").GetString(), anomaly.GetProperty("kind").GetString(), anomaly.GetProperty("column").GetString(), anomaly.GetProperty("value").GetInt32(), anomaly.GetProperty("limit").GetInt32()));
        Assert.Contains("goes up to 130 and should not go above 120", anomaly.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, (await node.GetAsync($"{Root}/warns/versions/latest")).GetProperty("validation").GetProperty("errors").GetInt32());
        var committed = (await node.Service<EventLog>().ReadAsync("default", 0, 1000)).Last(e => e.Subject == id);
        Assert.Equal(1, JsonSerializer.Deserialize<JsonElement>(committed.Data).GetProperty("validation").GetProperty("errors").GetInt32());
    }

    [Fact]
    public async Task A_policy_that_refuses_commits_nothing_and_says_why()
    {
        await node.CreateAsync("refuses", "table");
        await SetAsync("refuses", new { onError = "refuse", expectations = new[] { new { column = "age", max = 120 } } });
        await node.CommitAsync("refuses", "path=a.csv", Good);
        var refused = await node.CommitAsync("refuses", "path=b.csv", Bad, HttpStatusCode.BadRequest);
        Assert.Contains("refuses this commit (1 errors", refused.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, (await node.GetAsync($"{Root}/refuses")).GetProperty("latestVersion").GetInt32());
    }

    [Fact]
    public async Task A_policy_that_quarantines_commits_to_a_branch_of_its_own()
    {
        await node.CreateAsync("quarantines", "table");
        await SetAsync("quarantines", new { onError = "quarantine", expectations = new[] { new { column = "age", max = 120 } } });
        await node.CommitAsync("quarantines", "path=a.csv", Good);
        var held = await node.CommitAsync("quarantines", "path=b.csv", Bad);
        var branch = held.GetProperty("branch").GetString()!;
        Assert.Matches("^quarantine-[0-9a-f]{8}$", branch);
        Assert.Equal("main", held.GetProperty("validation").GetProperty("quarantinedFrom").GetString());
        Assert.Equal(3, (await node.GetAsync($"{Root}/quarantines/versions/latest")).GetProperty("rows").GetInt32());
        Assert.Equal(5, (await node.GetAsync($"{Root}/quarantines/versions/{branch}")).GetProperty("rows").GetInt32());
        Assert.Equal("main", (await node.CommitAsync("quarantines", "path=c.csv", "age,kind\n41,b\n")).GetProperty("branch").GetString());
    }

    [Fact]
    public async Task A_dry_run_says_what_would_be_found_and_commits_nothing()
    {
        await node.CreateAsync("dry", "table");
        await SetAsync("dry", new { onError = "refuse", expectations = new[] { new { column = "age", max = 120 } } });
        await node.CommitAsync("dry", "path=a.csv", Good);
        var found = await node.SendAsync(HttpMethod.Post, $"{Root}/dry/validate?format=csv", HttpStatusCode.OK, new StringContent(Bad));
        Assert.Equal(1, found.GetProperty("errors").GetInt32());
        var unreadable = await node.SendAsync(HttpMethod.Post, $"{Root}/dry/validate?format=csv", HttpStatusCode.OK, new StringContent("age,sort\n1,a\n"));
        Assert.Equal("unreadable", unreadable.GetProperty("anomalies")[0].GetProperty("kind").GetString());
        Assert.Equal(1, (await node.GetAsync($"{Root}/dry")).GetProperty("latestVersion").GetInt32());
    }

    [Fact]
    public async Task A_policy_is_given_at_creation_read_back_and_checked()
    {
        var created = await node.SendAsync(HttpMethod.Post, Root, HttpStatusCode.Created, DatasetNode.Json(new
        {
            name = "born",
            kind = "table",
            policy = new { onWarning = "quarantine", expectations = new[] { new { column = "kind", allowed = new[] { "a" }, maxNullRate = 0.5 } } },
        }));
        Assert.Equal("quarantine", created.GetProperty("policy").GetProperty("onWarning").GetString());
        var policy = await node.GetAsync($"{Root}/born/policy");
        Assert.Equal("a", policy.GetProperty("expectations")[0].GetProperty("allowed")[0].GetString());
        foreach (var (body, says) in new (object, string)[]
        {
            (new { expectations = new[] { new { column = "x", min = 2, max = 1 } } }, "min 2 above max 1"),
            (new { expectations = new[] { new { column = "x" }, new { column = "x" } } }, "two expectations"),
            (new { expectations = new[] { new { column = "x", maxNullRate = 2 } } }, "between 0 and 1"),
        })
        {
            var refused = await node.SendAsync(HttpMethod.Put, $"{Root}/born/policy", HttpStatusCode.BadRequest, DatasetNode.Json(body));
            Assert.Contains(says, refused.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Statistics_after_files_were_replaced_are_those_of_the_files_that_are_left()
    {
        await node.CreateAsync("summed", "table");
        await node.CommitAsync("summed", "path=a.csv", string.Concat(Enumerable.Range(0, 3000).Select(i => $"{i},x\n")).Insert(0, "n,w\n"));
        await node.CommitAsync("summed", "path=b.csv", "n,w\n5000,y\n");
        await node.CommitAsync("summed", "path=b.csv&remove=b.csv", "n,w\n7000,z\n7001,z\n");
        var (n, w) = await ColumnsAsync("summed");
        Assert.Equal((3002, 7001), (n.GetProperty("count").GetInt32(), n.GetProperty("max").GetInt32()));
        Assert.InRange(n.GetProperty("distinct").GetInt32(), 2850, 3150);
        Assert.Equal(["x", "z"], w.GetProperty("values").EnumerateObject().Select(value => value.Name));
        Assert.Equal(20, n.GetProperty("histogram").GetProperty("counts").GetArrayLength());
        Assert.False(n.TryGetProperty("sketches", out _));
    }

    private async Task<(JsonElement, JsonElement)> ColumnsAsync(string dataset)
    {
        var items = (await node.GetAsync($"{Root}/{dataset}/versions/latest/statistics")).GetProperty("items");
        return (items[0], items[1]);
    }

    private Task<JsonElement> SetAsync(string dataset, object policy) =>
        node.SendAsync(HttpMethod.Put, $"{Root}/{dataset}/policy", HttpStatusCode.OK, DatasetNode.Json(policy));
}
