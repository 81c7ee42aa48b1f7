using System.Text.Json;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Tests;

/// <summary>The whole loop as any HTTP client walks it: data, run, model, deployment, prediction, lineage, metrics.</summary>
[Collection(ProductCollection.Name)]
public sealed class LoopTests(PostgresServer postgres) : IDisposable
{
    private readonly TempFolder _folder = new();

    [Theory, ClassData(typeof(Databases))]
    public async Task From_rows_to_a_prediction_that_is_traced_back_to_its_rows(TestDatabase database)
    {
        await using var node = await OdlProcess.StartAsync(await postgres.NodeAsync(database, _folder));
        using var api = node.Api();

        var version = await Scenario.CommitPointsAsync(api, "points", rows: 400, seed: 1);
        Assert.Equal(1, version.GetProperty("version").GetInt64());
        Assert.Equal(400, version.GetProperty("rows").GetInt64());

        var created = await Scenario.TrainAsync(api, "points", epochs: 30, name: "first", registerAs: "sides");
        var run = await Scenario.CompletedAsync(api, "first");
        Assert.Equal(created.Text("id"), run.Text("id"));
        Assert.Equal(1, run.GetProperty("attempt").GetInt32());
        Assert.InRange(run.GetProperty("metrics").GetProperty("validation.accuracy").GetDouble(), 0.9, 1);
        Assert.NotEmpty((await api.GetAsync($"{Scenario.Project}/training-runs/first/metrics?name=train.loss")).Items());

        var model = await Eventually.GetAsync("the model's version", async () =>
            await api.TryAsync(HttpMethod.Get, $"{Scenario.Project}/models/sides/versions/1") is { Status: System.Net.HttpStatusCode.OK } found ? found.Body.ToString() : null);
        Assert.Equal(run.Artifact("weights.safetensors"), JsonSerializer.Deserialize<JsonElement>(model).Artifact("weights.safetensors"));
        await api.PutAsync($"{Scenario.Project}/models/sides/aliases/production", new { version = 1 });

        await api.PostAsync($"{Scenario.Project}/deployments", new { name = "live", model = "sides@production" });
        await Scenario.ServingAsync(api, "live", 1);
        var answer = await Scenario.PredictAsync(api, "live", new
        {
            rows = new object[] { new { x = 0.9, y = 0.9 }, new { x = -0.9, y = -0.9 } },
            top = 2,
        });
        var labels = answer.GetProperty("predictions").EnumerateArray().Select(row => row[0].Text("label"));
        Assert.Equal(["above", "below"], labels);
        Assert.Equal(1, answer.GetProperty("modelVersion").GetInt64());

        var up = await api.GetAsync($"{Scenario.Project}/lineage?reference={answer.Text("inferenceId")}&direction=up");
        var titles = up.GetProperty("nodes").EnumerateArray().Select(found => found.Text("id")).ToList();
        Assert.Contains($"run:{run.Text("id")}", titles);
        Assert.Contains(titles, id => id.StartsWith("dataset-version:", StringComparison.Ordinal));
        Assert.Contains(titles, id => id.StartsWith("source:", StringComparison.Ordinal));

        var down = await api.GetAsync($"{Scenario.Project}/lineage?reference=dataset:points@v1&direction=down");
        Assert.Contains(down.GetProperty("nodes").EnumerateArray(), found => found.Text("kind") == "deployment");

        // The metrics are flushed in windows; the one of this request comes with the next flush.
        await Eventually.TrueAsync("the answered labels to be counted", async () =>
            (await api.GetAsync($"{Scenario.Project}/deployments/live/metrics")).ToString().Contains("\"above\":1", StringComparison.Ordinal), TimeSpan.FromSeconds(30));
    }

    public void Dispose() => _folder.Dispose();
}
