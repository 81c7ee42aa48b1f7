using OrleansDL.Tests.Harness;

namespace OrleansDL.Tests;

/// <summary>Commands on training runs, as a user types them.</summary>
[Collection(ProductCollection.Name)]
public sealed class RunCommandTests(SqliteNode node) : IClassFixture<SqliteNode>
{
    [Fact]
    public async Task A_run_that_looked_for_its_rate_is_forked_with_the_rate_it_found()
    {
        using var api = node.Process.Api();
        await Scenario.CommitPointsAsync(api, "points", rows: 400, seed: 1);
        await api.PostAsync($"{Scenario.Project}/training-runs", new
        {
            name = "found",
            dataset = "points",
            network = new { family = "mlp", hidden = new[] { 8 } },
            epochs = 2,
            rateFinder = new { steps = 20 },
            checkpoints = new { keepLast = 1, keepBest = 1 },
        });
        var found = await Scenario.CompletedAsync(api, "found");

        (await Odl.RunAsync(["run", "fork", "found", "--name", "further", "--epochs", "3", "--data", node.Process.Options.Data])).Succeeded();
        var further = await Scenario.CompletedAsync(api, "further");
        Assert.Equal(found.GetProperty("metrics").GetProperty("find.learningRate").GetDouble(), further.GetProperty("spec").GetProperty("learningRate").GetDouble());
        Assert.Equal(found.GetProperty("lastCheckpoint").GetProperty("step").GetInt64(), further.GetProperty("resumedFromStep").GetInt64());
    }
}
