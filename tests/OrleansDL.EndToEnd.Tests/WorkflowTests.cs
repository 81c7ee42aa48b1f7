using System.Text;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Tests;

/// <summary>Train, judge, deploy: started by a commit, and finished whatever happens to the node in between.</summary>
[Collection(ProductCollection.Name)]
public sealed class WorkflowTests(PostgresServer postgres) : IDisposable
{
    private const string Definition = """
        apiVersion: orleansdl/v1
        kind: Workflow
        name: sides
        triggers:
          - dataset: points
        steps:
          train:
            uses: train.run@1
            with: { dataset: points, network: { family: mlp, hidden: [16] }, epochs: 20, batchSize: 32, learningRate: 0.01, seed: 7, registerAs: sides }
          judge:
            uses: model.evaluate@1
            with: { model: "${{ steps.train.model }}", dataset: golden }
            criteria: { good: candidate.accuracy >= MINIMUM }
          deploy:
            needs: [judge]
            uses: model.deploy@1
            with: { model: "${{ steps.train.model }}", deployment: live }
        """;

    private readonly TempFolder _folder = new();

    [Theory, ClassData(typeof(Databases))]
    public async Task A_workflow_finishes_with_each_effect_once_when_the_node_dies_between_entries_of_its_journal(TestDatabase database)
    {
        var options = await postgres.NodeAsync(database, _folder);
        var node = await OdlProcess.StartAsync(options);
        try
        {
            using var api = node.Api();
            await PrepareAsync(api, minimum: "0.6");

            // Undisturbed, to know how many entries and effects there are.
            await Scenario.CommitPointsAsync(api, "points", rows: 300, seed: 1, create: false);
            var stop = new JournalStop(options);
            await FinishedAsync(stop, node);
            await Scenario.ServingAsync(api, "live", 1);
            var (entries, _) = await stop.NewestRunAsync();
            var once = await EffectsAsync(api);
            Assert.Equal(1, once.ModelVersions);

            // Between every two entries on one database; on the other, from which the workflow does not differ, between some.
            var stride = database is TestDatabase.Sqlite ? 1 : 3;

            // The last call from outside; from now on only the node does anything.
            await stop.SetAsync(2);
            await Scenario.CommitPointsAsync(api, "points", rows: 300, seed: 2, create: false);
            for (var next = 2; next <= entries; next += stride)
            {
                await Eventually.TrueAsync(
                    $"entry {next} to be refused",
                    () => Task.FromResult(node.Output.Contains(JournalStop.Message(next), StringComparison.Ordinal)), context: () => node.Output);
                await node.KillAsync();
                await node.DisposeAsync();
                if (next + stride <= entries)
                {
                    await stop.SetAsync(next + stride);
                }
                else
                {
                    await stop.RemoveAsync();
                }

                node = await OdlProcess.StartAsync(options);
            }

            await FinishedAsync(stop, node);
            Assert.Equal(entries, (await stop.NewestRunAsync()).Entries);
            await Scenario.ServingAsync(api, "live", 2);
            Assert.Equal(once + once, await EffectsAsync(api));
            var runs = (await api.GetAsync($"{Scenario.Project}/workflow-runs")).Items();
            Assert.All(runs, run => Assert.Equal("succeeded", run.Text("status")));
            Assert.Equal(2, runs.Count);
        }
        finally
        {
            await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_model_that_is_not_good_enough_is_not_deployed()
    {
        await using var node = await OdlProcess.StartAsync(await postgres.NodeAsync(TestDatabase.Sqlite, _folder));
        using var api = node.Api();
        await PrepareAsync(api, minimum: "1.1");
        await Scenario.CommitPointsAsync(api, "points", rows: 300, seed: 1, create: false);
        await Eventually.TrueAsync("the commit to start the workflow", async () => (await api.GetAsync($"{Scenario.Project}/workflow-runs")).Items().Count == 1);
        var id = (await api.GetAsync($"{Scenario.Project}/workflow-runs")).Items()[0].Text("id");
        var run = await Scenario.WorkflowEndedAsync(api, id);
        Assert.Equal("rejected", run.Text("status"));
        Assert.Empty((await api.GetAsync($"{Scenario.Project}/deployments")).Items());
    }

    public void Dispose() => _folder.Dispose();

    private static async Task PrepareAsync(Api api, string minimum)
    {
        await api.PostAsync($"{Scenario.Project}/datasets", new { name = "points", kind = "table" });
        await Scenario.CommitPointsAsync(api, "golden", rows: 200, seed: 9);
        using var definition = new StringContent(Definition.Replace("MINIMUM", minimum, StringComparison.Ordinal), Encoding.UTF8, "application/yaml");
        await api.SendAsync(HttpMethod.Post, $"{Scenario.Project}/workflows", definition);
    }

    private static Task FinishedAsync(JournalStop stop, OdlProcess node) => Eventually.TrueAsync(
        "the workflow run to finish", async () => (await stop.NewestRunAsync()).IsOver, context: () => node.Output);

    /// <summary>Runs made, model versions registered, generations of the deployment made, ends of workflow runs told.</summary>
    private static async Task<Effects> EffectsAsync(Api api)
    {
        var events = (await api.GetAsync($"{Scenario.Project}/events?after=0&limit=1000")).Items();
        return new Effects(
            (await api.GetAsync($"{Scenario.Project}/training-runs?pageSize=1000")).Items().Count,
            (await api.GetAsync($"{Scenario.Project}/models/sides")).GetProperty("latestVersion").GetInt64(),
            events.Count(happened => happened.Text("type") == "model-version.registered"),
            (await api.GetAsync($"{Scenario.Project}/deployments/live")).GetProperty("generation").GetInt64(),
            events.Count(happened => happened.Text("type") == "workflow-run.finished"));
    }

    private sealed record Effects(int Runs, long ModelVersions, int Registrations, long Generations, int WorkflowsFinished)
    {
        public static Effects operator +(Effects one, Effects other) => new(
            one.Runs + other.Runs, one.ModelVersions + other.ModelVersions,
            one.Registrations + other.Registrations, one.Generations + other.Generations, one.WorkflowsFinished + other.WorkflowsFinished);
    }
}
