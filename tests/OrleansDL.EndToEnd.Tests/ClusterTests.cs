using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Tests;

/// <summary>Roles as processes of their own: one server, two workers, one PostgreSQL database, one blob folder.</summary>
[Collection(ProductCollection.Name)]
public sealed class ClusterTests(PostgresServer postgres) : IDisposable
{
    private static readonly string[] OfWorkers = ["trainer", "replica"];
    private static readonly string[] OfServers = ["projects", "tokens", "datasets", "training-runs", "scheduler", "models", "deployments", "workflows"];

    private readonly TempFolder _folder = new();

    [Fact]
    public async Task A_server_decides_and_two_workers_compute()
    {
        var database = await postgres.CreateDatabaseAsync();
        var blobs = _folder["blobs"];
        await using var server = await OdlProcess.StartAsync(new OdlOptions { Command = "server", Data = _folder["server"], Database = database, Blobs = blobs });
        await using var one = await OdlProcess.StartAsync(new OdlOptions { Command = "worker", Data = _folder["one"], Database = database, Blobs = blobs, WorkerName = "one", Slots = 1 });
        await using var two = await OdlProcess.StartAsync(new OdlOptions { Command = "worker", Data = _folder["two"], Database = database, Blobs = blobs, WorkerName = "two", Slots = 1 });
        using var api = server.Api();
        await Eventually.TrueAsync("both workers to report", async () => (await api.GetAsync("/v1/workers")).ToString() is var workers
            && workers.Contains("\"one\"", StringComparison.Ordinal) && workers.Contains("\"two\"", StringComparison.Ordinal));

        await AdvertisesAsync(server, one, two);

        // Two runs at once need both workers, since each has one slot.
        await Scenario.CommitPointsAsync(api, "points", rows: 1000, seed: 1);
        await Scenario.TrainAsync(api, "points", epochs: 40, name: "first", registerAs: "sides");
        await Scenario.TrainAsync(api, "points", epochs: 40, name: "second");
        var first = await Scenario.CompletedAsync(api, "first");
        var second = await Scenario.CompletedAsync(api, "second");
        Assert.Equal(["one", "two"], new[] { first.Text("worker"), second.Text("worker") }.Order());
        Assert.Equal(first.Artifact("weights.safetensors"), second.Artifact("weights.safetensors"));

        await api.PostAsync($"{Scenario.Project}/deployments", new { name = "live", model = "sides", replicas = 2 });
        await Scenario.ServingAsync(api, "live", 1);
        for (var request = 0; request < 10; request++)
        {
            await Scenario.PredictAsync(api, "live", new { rows = new[] { new { x = 0.5, y = 0.5 } } });
        }

        // Control code touches no mathematics; the workers serve in process.
        Assert.DoesNotContain("torch", NativeLibraries(server.Pid), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("onnxruntime", NativeLibraries(server.Pid), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("onnxruntime", NativeLibraries(one.Pid), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("libtorch", NativeLibraries(one.Pid), StringComparison.OrdinalIgnoreCase);

        await MovesModelsAsync(api);
        await TrainsTogetherAsync(api, first);
        await GoesOnAloneAsync(api, two);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>What is loaded on demand is loaded on another worker before it leaves one that is drained: no request is lost.</summary>
    private static async Task MovesModelsAsync(Api api)
    {
        await api.PostAsync($"{Scenario.Project}/deployments", new { name = "asked", model = "sides", residency = new { maximumReplicas = 2 } });
        await Scenario.ServingAsync(api, "asked", 1);
        await PredictAsync(api);
        var from = (await HoldersAsync(api)).Single();
        var to = from == "one" ? "two" : "one";

        await api.PostAsync($"/v1/workers/{from}/drain", new { });
        await Eventually.TrueAsync("the model to have moved", async () =>
        {
            await PredictAsync(api);
            return (await HoldersAsync(api)).SequenceEqual([to]);
        });
        await PredictAsync(api);
        await api.PostAsync($"/v1/workers/{from}/undrain", new { });

        // Asked for more than a copy should be, it gets a second one.
        await Eventually.TrueAsync("a second copy", async () =>
        {
            await Parallel.ForEachAsync(Enumerable.Range(0, 100), async (_, _) => await PredictAsync(api));
            return (await HoldersAsync(api)).Count == 2;
        });
        await api.DeleteAsync($"{Scenario.Project}/deployments/asked");
        await Eventually.TrueAsync("both copies to be unloaded", async () => (await HoldersAsync(api)).Count == 0);

        static Task PredictAsync(Api api) => Scenario.PredictAsync(api, "asked", new { rows = new[] { new { x = 0.5, y = 0.5 } } });

        static async Task<List<string>> HoldersAsync(Api api)
        {
            List<string> holders = [];
            foreach (var worker in new[] { "one", "two" })
            {
                var models = (await api.GetAsync($"/v1/workers/{worker}/models")).GetProperty("models").EnumerateArray();
                if (models.Any(model => model.GetProperty("deploymentName").GetString() == "asked"))
                {
                    holders.Add(worker);
                }
            }

            return holders;
        }
    }

    private static async Task TrainsTogetherAsync(Api api, JsonElement alone)
    {
        await Scenario.TrainAsync(api, "points", epochs: 40, name: "together", workers: 2);
        var together = await Scenario.CompletedAsync(api, "together");
        Assert.Equal(["one", "two"], Workers(together).Single());
        var (accuracy, expected) = (Accuracy(together), Accuracy(alone));
        Assert.InRange(accuracy, expected - 0.02, expected + 0.02);
    }

    /// <summary>SIGKILL of a worker that holds a rank: the run goes on from its checkpoint with the worker that is left.</summary>
    private static async Task GoesOnAloneAsync(Api api, OdlProcess victim)
    {
        await Scenario.TrainAsync(api, "points", epochs: 150, name: "broken", workers: 2, minWorkers: 1);
        await Eventually.TrueAsync("the run of both to have a checkpoint", async () => (await Scenario.RunAsync(api, "broken")).TryGetProperty("lastCheckpoint", out _));
        await victim.KillAsync();
        var after = await Scenario.CompletedAsync(api, "broken", TimeSpan.FromSeconds(60));
        Assert.Equal(["one", "two"], Workers(after)[0]);
        Assert.Equal(["one"], Workers(after)[^1]);
        Assert.True(after.GetProperty("resumedFromStep").GetInt64() > 0, after.ToString());
        Assert.InRange(Accuracy(after), 0.95, 1);
    }

    private static double Accuracy(JsonElement run) => run.GetProperty("metrics").GetProperty("validation.accuracy").GetDouble();

    private static List<string[]> Workers(JsonElement run) =>
        [.. run.GetProperty("attempts").EnumerateArray().Select(attempt => attempt.GetProperty("workers").EnumerateArray().Select(name => name.GetString()!).ToArray())];

    private static async Task AdvertisesAsync(OdlProcess server, params OdlProcess[] workers)
    {
        await using var client = await OrleansClient.ConnectAsync(server.Options);
        var silos = client.Services.GetRequiredService<IClusterManifestProvider>().Current.Silos
            .Where(silo => silo.Key.Endpoint.Port != 0)
            .ToDictionary(silo => silo.Key.Endpoint.Port, silo => silo.Value.Grains.Keys.Select(type => type.ToString()).ToHashSet()!);
        Assert.Subset(silos[server.Options.SiloPort], OfServers.ToHashSet()!);
        Assert.Empty(silos[server.Options.SiloPort].Intersect(OfWorkers));
        foreach (var worker in workers)
        {
            Assert.Subset(silos[worker.Options.SiloPort], OfWorkers.ToHashSet()!);
            Assert.Empty(silos[worker.Options.SiloPort].Intersect(OfServers));
        }
    }

    private static string NativeLibraries(int pid) => string.Join('\n', File.ReadLines($"/proc/{pid}/maps")
        .Where(line => line.Contains(".so", StringComparison.Ordinal))
        .Select(line => line[line.IndexOf('/', StringComparison.Ordinal)..])
        .Select(Path.GetFileName)
        .Distinct());
}
