using System.Globalization;
using System.Text.Json;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Tests;

/// <summary>SIGKILL by pid, in the middle of training: the run goes on by itself and ends with the very weights it would have had.</summary>
[Collection(ProductCollection.Name)]
public sealed class KillTests(PostgresServer postgres) : IDisposable
{
    // A few seconds of training: long enough to be met in the middle of it.
    private const int Epochs = 150;

    private readonly TempFolder _folder = new();

    [Fact]
    public Task A_run_survives_its_runner_and_its_node_being_killed() =>
        OneProcessAsync(seed: 20, [Victim.Runner, Victim.Everything]);

    [Fact]
    public Task A_run_survives_its_worker_being_killed() => ThreeProcessesAsync(seed: 21, [Victim.Worker]);

    [Fact, Trait("Category", "Slow")]
    public Task A_run_survives_twenty_kills_on_SQLite() =>
        OneProcessAsync(seed: 22, [.. Enumerable.Range(0, 20).Select(number => number % 2 == 0 ? Victim.Runner : Victim.Everything)]);

    [Fact, Trait("Category", "Slow")]
    public Task A_run_survives_twenty_kills_on_PostgreSQL() =>
        ThreeProcessesAsync(seed: 23, [.. Enumerable.Range(0, 20).Select(number => (Victim)(number % 4))]);

    public void Dispose() => _folder.Dispose();

    private async Task OneProcessAsync(int seed, Victim[] victims)
    {
        await using var cluster = new KillableCluster();
        await cluster.StartAsync(await postgres.NodeAsync(TestDatabase.Sqlite, _folder));
        await SurvivesAsync(cluster, seed, victims);
    }

    private async Task ThreeProcessesAsync(int seed, Victim[] victims)
    {
        var database = await postgres.CreateDatabaseAsync();
        var blobs = _folder["blobs"];
        await using var cluster = new KillableCluster();
        await cluster.StartAsync(new OdlOptions { Command = "server", Data = _folder["server"], Database = database, Blobs = blobs });
        foreach (var worker in new[] { "one", "two" })
        {
            await cluster.StartAsync(new OdlOptions { Command = "worker", Data = _folder[worker], Database = database, Blobs = blobs, WorkerName = worker, Slots = 1 });
        }

        await SurvivesAsync(cluster, seed, victims);
    }

    private static async Task SurvivesAsync(KillableCluster cluster, int seed, Victim[] victims)
    {
        var random = new Random(seed);
        using var api = cluster.Api();
        await Scenario.CommitPointsAsync(api, "points", rows: 2000, seed: 1);
        await Scenario.TrainAsync(api, "points", Epochs, name: "unbroken", registerAs: "sides");
        var weights = (await Scenario.CompletedAsync(api, "unbroken")).Artifact("weights.safetensors");

        for (var number = 1; number <= victims.Length; number++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"broken-{number}");
            var victim = victims[number - 1];
            var moment = 0.1 + (0.6 * random.NextDouble());
            var id = (await Scenario.TrainAsync(api, "points", Epochs, name, registerAs: "sides")).Text("id");
            var runner = await Runners.PidOfAsync(id);
            var before = await ReachesAsync(api, name, moment);
            var what = $"{name}: {victim} killed at {moment:P0}: {before}";

            var killed = TimeProvider.System.GetUtcNow();

            // Where another worker is left, the run goes on there before the dead one is back.
            var elsewhere = victim is Victim.Worker && cluster.Nodes.Count > 2;
            await cluster.KillAsync(victim, before.Text("worker"), runner, elsewhere ? () => GoesOnAsync(api, id, before, killed) : null);
            // What lost its node stops itself; two attempts never train at once.
            await Runners.GoneAsync(id, runner);

            var after = await Scenario.CompletedAsync(api, name, TimeSpan.FromSeconds(120));
            var attempts = $"{what}\n{after}";
            if (victim is not Victim.Server || after.GetProperty("attempt").GetInt32() > 1)
            {
                Assert.True(after.GetProperty("attempt").GetInt32() > before.GetProperty("attempt").GetInt32(), attempts);
                Assert.True(after.GetProperty("resumedFromStep").GetInt64() > 0, attempts);
            }

            Assert.True(weights == after.Artifact("weights.safetensors"), attempts);
            await Eventually.TrueAsync($"version {number + 1} to be registered", async () =>
                (await api.GetAsync($"{Scenario.Project}/models/sides")).GetProperty("latestVersion").GetInt64() >= number + 1);
            Assert.Equal(number + 1, (await api.GetAsync($"{Scenario.Project}/models/sides")).GetProperty("latestVersion").GetInt64());
        }

        var finished = (await api.GetAsync($"{Scenario.Project}/models/sides/versions?pageSize=1000")).Items().Select(version => version.Text("run"));
        Assert.Equal(victims.Length + 1, finished.Distinct().Count());
    }

    /// <summary>A dead worker is noticed within 10 s, training goes on elsewhere within 20 s of the kill, and 30 s of work are lost at most.</summary>
    private static async Task GoesOnAsync(Api api, string run, JsonElement before, DateTimeOffset killed)
    {
        var attempt = before.GetProperty("attempt").GetInt32() + 1;
        var point = JsonSerializer.Deserialize<JsonElement>(await Eventually.GetAsync($"a step of attempt {attempt} of run {run}", async () =>
            (await api.GetAsync($"{Scenario.Project}/training-runs/{run}/logs?pageSize=1000")).Items()
                .FirstOrDefault(line => line.GetProperty("attempt").GetInt32() == attempt && line.Text("text").StartsWith("Resumed from step", StringComparison.Ordinal))
                is { ValueKind: JsonValueKind.Object } line ? line.ToString() : null));
        var changes = new List<JsonElement>();
        while ((await api.GetAsync($"{Scenario.Project}/events?limit=1000&after={(changes.Count == 0 ? 0 : changes[^1].GetProperty("sequence").GetInt64())}")).Items() is { Count: > 0 } more)
        {
            changes.AddRange(more);
        }

        var queued = changes.Single(change => change.Text("subject") == run && change.GetProperty("data").Text("status") == "queued" && change.GetProperty("data").GetProperty("attempt").GetInt32() == attempt);
        var noticed = queued.GetProperty("time").GetDateTimeOffset() - killed;
        var wentOn = point.GetProperty("time").GetDateTimeOffset() - killed;
        var now = await Scenario.RunAsync(api, run);
        var lost = killed - before.GetProperty("lastCheckpoint").GetProperty("time").GetDateTimeOffset();
        var measured = string.Create(CultureInfo.InvariantCulture, $"noticed after {noticed.TotalSeconds:0.0} s, went on after {wentOn.TotalSeconds:0.0} s, lost {lost.TotalSeconds:0.0} s at most");
        Assert.True(now.Text("worker") != before.Text("worker"), now.ToString());
        Assert.True(now.GetProperty("resumedFromStep").GetInt64() >= before.GetProperty("lastCheckpoint").GetProperty("step").GetInt64(), now.ToString());
        Assert.True(noticed <= TimeSpan.FromSeconds(10) && wentOn <= TimeSpan.FromSeconds(20) && lost <= TimeSpan.FromSeconds(30), measured);
    }

    /// <summary>Waits until a run has a checkpoint and has done a share of its steps.</summary>
    private static async Task<JsonElement> ReachesAsync(Api api, string run, double share) => JsonSerializer.Deserialize<JsonElement>(
        await Eventually.GetAsync($"{run} to reach {share:P0}", async () =>
        {
            var now = await Scenario.RunAsync(api, run);
            Assert.True(now.Text("status") is "new" or "queued" or "running", $"It ended before it could be killed: {now}");
            return now.TryGetProperty("lastCheckpoint", out _) && now.TryGetProperty("progress", out var progress)
                && progress.GetProperty("step").GetInt64() >= share * progress.GetProperty("totalSteps").GetInt64() ? now.ToString() : null;
        }));
}
