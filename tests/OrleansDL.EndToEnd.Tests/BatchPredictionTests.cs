using System.Text.Json;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Tests;

/// <summary>A whole version is put to a deployment, and the answers are a version.</summary>
[Collection(ProductCollection.Name)]
public sealed class BatchPredictionTests : IDisposable
{
    private const int Rows = 5_000;
    private const string Batches = $"{Scenario.Project}/batch-predictions";
    private const string Output = $"{Scenario.Project}/datasets/answers";
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task Every_row_is_answered_once_also_when_the_node_is_killed_in_between()
    {
        var options = new OdlOptions
        {
            Data = _folder.Path,
            Settings = new Dictionary<string, string>
            {
                ["Datasets__BatchPredictions__PartRows"] = "100",
                ["Datasets__BatchPredictions__RequestRows"] = "16",
            },
        };
        string batch;
        long before;
        await using (var node = await OdlProcess.StartAsync(options))
        {
            using var api = node.Api();
            await Scenario.CommitPointsAsync(api, "points", 500, seed: 1);
            await Scenario.TrainAsync(api, "points", epochs: 20, name: "learns", registerAs: "sides");
            await Scenario.CompletedAsync(api, "learns");
            await api.PostAsync($"{Scenario.Project}/deployments", new { name = "live", model = "sides@1" });
            await Scenario.ServingAsync(api, "live", 1);
            await Scenario.CommitPointsAsync(api, "many", Rows, seed: 2);

            // One that is cancelled leaves no version.
            var given = await api.PostAsync(Batches, new { deployment = "live", dataset = "many", output = "never" });
            Assert.Equal("cancelled", (await api.PostAsync($"{Batches}/{given.Text("id")}/cancel", new { })).Text("status"));
            Assert.Equal(0, (await api.GetAsync($"{Scenario.Project}/datasets/never")).GetProperty("latestVersion").GetInt32());

            batch = (await api.PostAsync(Batches, new { deployment = "live", dataset = "many@v1", output = "answers", keep = new[] { "side" }, top = 2 })).Text("id");
            await Eventually.TrueAsync("answers of a part", async () => (await api.GetAsync($"{Batches}/{batch}")).GetProperty("rowsDone").GetInt64() > 0);
            await node.KillAsync();
        }

        // Nobody asks for it again.
        await using var again = await OdlProcess.StartAsync(options);
        using var next = again.Api();
        before = (await next.GetAsync($"{Batches}/{batch}")).GetProperty("rowsDone").GetInt64();
        Assert.True(before > 0, "What was done before the kill counts.");
        await Eventually.TrueAsync("the end of the batch", async () => (await next.GetAsync($"{Batches}/{batch}")).Text("status") != "running", TimeSpan.FromMinutes(2));
        var over = await next.GetAsync($"{Batches}/{batch}");
        Assert.True(over.Text("status") == "completed", over.ToString());
        Assert.Equal((Rows, 1), (over.GetProperty("rowsDone").GetInt32(), over.GetProperty("version").GetInt32()));
        Assert.Equal([batch], (await next.GetAsync(Batches)).Items().Where(one => one.Text("status") == "completed").Select(one => one.Text("id")));

        var lines = (await next.Http.GetStringAsync(new Uri($"{Output}/versions/v1/export?format=jsonl", UriKind.Relative)))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToList();
        Assert.Equal(Enumerable.Range(0, Rows), lines.Select(line => line.GetProperty("row").GetInt32()));
        Assert.InRange(lines.Count(line => line.Text("side") == line.Text("predicted")) / (double)Rows, 0.9, 1);
        Assert.All(lines, line => Assert.Equal("sides@1", line.Text("model")));
        Assert.All(lines, line => Assert.InRange(line.GetProperty("predicted_score").GetDouble(), line.GetProperty("predicted_2_score").GetDouble(), 1));

        // From the answers up to the rows they are of and to the model that gave them.
        var up = (await next.GetAsync($"{Scenario.Project}/lineage?reference=dataset:answers@v1&direction=up")).GetProperty("nodes").EnumerateArray().Select(found => found.Text("title")).ToList();
        Assert.Contains("many@v1", up);
        Assert.Contains("points@v1", up);

        // Whoever asks what became of the rows is told, and nothing is kept from going for it.
        var users = (await next.GetAsync($"{Scenario.Project}/datasets/many/usage?path=points-2.csv")).GetProperty("users").EnumerateArray().ToList();
        Assert.Contains(users, user => (user.Text("kind"), user.Text("title"), user.GetProperty("live").GetBoolean()) == ("predictions", "answers@v1", false));

        // And as it is typed.
        var typed = await Odl.RunAsync(
            ["predict-batch", "live", "points", "--output", "few", "--json"],
            new Dictionary<string, string> { ["ODL_URL"] = again.Options.Url.GetLeftPart(UriPartial.Authority), ["ODL_TOKEN"] = again.Token });
        Assert.Equal((0, "completed"), (typed.ExitCode, JsonSerializer.Deserialize<JsonElement>(typed.Output).Text("status")));
        Assert.Equal(500, (await next.GetAsync($"{Scenario.Project}/datasets/few/versions/latest")).GetProperty("rows").GetInt32());
    }

    public void Dispose() => _folder.Dispose();
}
