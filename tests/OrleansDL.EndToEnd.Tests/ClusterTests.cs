using System.Net;
using System.Net.Http.Json;
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

    private const int Sequences = 8;
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task A_server_decides_and_two_workers_compute()
    {
        var database = await postgres.CreateDatabaseAsync();
        var blobs = _folder["blobs"];
        await using var server = await OdlProcess.StartAsync(new OdlOptions
        {
            Command = "server",
            Data = _folder["server"],
            Database = database,
            Blobs = blobs,
            Settings = new Dictionary<string, string>(Repository(_folder["models"])) { ["Datasets__BatchPredictions__PartRows"] = "100", ["Datasets__BatchPredictions__RequestRows"] = "4" },
        });
        await using var one = await OdlProcess.StartAsync(new OdlOptions { Command = "worker", Data = _folder["one"], Database = database, Blobs = blobs, WorkerName = "one", Slots = 1, UnsafeUserCode = true });
        await using var two = await OdlProcess.StartAsync(new OdlOptions { Command = "worker", Data = _folder["two"], Database = database, Blobs = blobs, WorkerName = "two", Slots = 1, UnsafeUserCode = true });
        using var api = server.Api();
        await Eventually.TrueAsync("both workers to report", async () => (await api.GetAsync("/v1/workers")).ToString() is var workers
            && workers.Contains("\"one\"", StringComparison.Ordinal) && workers.Contains("\"two\"", StringComparison.Ordinal));

        await AdvertisesAsync(server, one, two);

        // Two runs at once need both workers, since each has one slot.
        await Scenario.CommitPointsAsync(api, "points", rows: 1000, seed: 1);
        await Scenario.TrainAsync(api, "points", epochs: 40, name: "first", registerAs: "sides");
        await Scenario.TrainAsync(api, "points", epochs: 40, name: "second", registerAs: "sides");
        var first = await Scenario.CompletedAsync(api, "first");
        var second = await Scenario.CompletedAsync(api, "second");
        Assert.Equal(["one", "two"], new[] { first.Text("worker"), second.Text("worker") }.Order());
        Assert.Equal(first.Artifact("weights.safetensors"), second.Artifact("weights.safetensors"));

        await api.PostAsync($"{Scenario.Project}/deployments", new { name = "live", model = "sides@1", replicas = 2 });
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

        await ServesTogetherAsync(api, server);
        await MovesModelsAsync(api);
        await using var again = await LeavesAsync(api, two);
        await TrainsTogetherAsync(api, first);
        await GoesOnAloneAsync(api, again, _folder["models"]);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>An alias, a shadow, an ensemble, feedback and a token's rate, over PostgreSQL and from the server to replicas on workers.</summary>
    private static async Task ServesTogetherAsync(Api api, OdlProcess server)
    {
        await Eventually.TrueAsync("both versions", async () => (await api.GetAsync($"{Scenario.Project}/models/sides")).GetProperty("latestVersion").GetInt64() == 2);
        await api.PutAsync($"{Scenario.Project}/models/sides/aliases/best", new { version = 1 });
        await api.PostAsync($"{Scenario.Project}/deployments", new { name = "aliased", model = "sides@best", raw = true, replicas = 2 });
        await Scenario.ServingAsync(api, "aliased", 1);
        await api.PutAsync($"{Scenario.Project}/models/sides/aliases/best", new { version = 2 });
        await Scenario.ServingAsync(api, "aliased", 2);

        await api.PostAsync($"{Scenario.Project}/deployments", new
        {
            name = "graph",
            ensemble = new
            {
                inputs = new[] { new { name = "row" } },
                outputs = new[] { new { name = "label" } },
                steps = new[] { new { deployment = "aliased", inputs = new { row = "row" }, outputs = new { label = "label" } } },
            },
        });
        await Eventually.TrueAsync("the ensemble", async () => (await api.GetAsync($"{Scenario.Project}/deployments/graph")).Text("status") == "ready");
        for (var request = 0; request < 4; request++)
        {
            var graph = await api.PostAsync("/v2/models/graph/infer", new { inputs = new[] { new { name = "row", datatype = "BYTES", shape = new[] { 1 }, data = new[] { """{"x": 0.9, "y": 0.9}""" } } } });
            Assert.Equal("above", graph.GetProperty("outputs")[0].GetProperty("data")[0].GetString());
        }

        await api.PostAsync($"{Scenario.Project}/deployments", new
        {
            name = "variants",
            model = "sides",
            versions = new { kind = "all" },
            traffic = new { shares = new[] { new { version = 1, percent = 100 } }, shadow = new { version = 2, percent = 100 } },
        });
        await Eventually.TrueAsync("both variants", async () => (await api.GetAsync($"{Scenario.Project}/deployments/variants")).Text("status") == "ready");
        var rows = new { rows = new[] { new { x = 0.9, y = 0.9 }, new { x = -0.9, y = -0.9 } } };
        var answer = await Scenario.PredictAsync(api, "variants", rows);
        var feedback = new { items = new[] { new { inferenceId = answer.Text("inferenceId"), row = 0, label = "above", answeredLabel = "above" }, new { inferenceId = answer.Text("inferenceId"), row = 1, label = "above", answeredLabel = "below" } } };
        await api.PostAsync($"{Scenario.Project}/feedback", feedback);
        await api.PostAsync($"{Scenario.Project}/feedback", feedback);
        Assert.Equal(2, (await api.GetAsync($"{Scenario.Project}/feedback?deployment=variants")).Items().Count);
        await Eventually.TrueAsync("the metrics of both", async () =>
        {
            var windows = (await api.GetAsync($"{Scenario.Project}/deployments/variants/metrics?stepSeconds=0")).Items();
            return windows.Any(window => window.GetProperty("modelVersion").GetInt64() == 2 && Has(window, "shadow") && window.GetProperty("shadow").GetProperty("agreed").GetInt64() == 1)
                && windows.Any(window => window.GetProperty("requests").GetInt64() == 1 && Has(window, "feedback") && window.GetProperty("feedback").GetProperty("accuracy").GetDouble() == 0.5);
        });

        var token = await api.PostAsync("/v1/tokens", new { title = "slow", role = "viewer", rateLimit = new { perSecond = 0.01, burst = 2 } });
        using var slow = server.Api(token.Text("secret"));
        List<int> statuses = [];
        for (var request = 0; request < 3; request++)
        {
            using var body = JsonContent.Create(rows);
            statuses.Add((int)(await slow.TryAsync(HttpMethod.Post, $"{Scenario.Project}/deployments/live/predict", body)).Status);
        }

        Assert.Equal([200, 200, 429], statuses);
        foreach (var deployment in new[] { "graph", "aliased", "variants" })
        {
            await api.DeleteAsync($"{Scenario.Project}/deployments/{deployment}");
        }

        static bool Has(JsonElement window, string part) => window.TryGetProperty(part, out var value) && value.ValueKind is JsonValueKind.Object;
    }

    /// <summary>A worker that is stopped without being drained hands its models over first; no request is lost.</summary>
    /// <returns>The worker, started again.</returns>
    private static async Task<OdlProcess> LeavesAsync(Api api, OdlProcess two)
    {
        await api.PostAsync($"{Scenario.Project}/deployments", new { name = "moved", model = "sides@1", residency = new { } });
        await Scenario.ServingAsync(api, "moved", 1);
        await api.PostAsync("/v1/workers/one/drain", new { });
        await Eventually.TrueAsync("both to be served by the other alone", async () =>
        {
            await Scenario.PredictAsync(api, "moved", new { rows = new[] { new { x = 0.5, y = 0.5 } } });
            return await WorkersOfAsync(api, "live") is ["two"] && await WorkersOfAsync(api, "moved") is ["two"];
        });
        await api.PostAsync("/v1/workers/one/undrain", new { });

        await using var load = new SteadyRequests(api, "live", "moved");
        await load.AnsweredAsync(20);
        var took = await two.TerminateAsync(TimeSpan.FromSeconds(12));

        // They are there already: nobody had to notice that the worker is gone.
        var models = (await api.GetAsync("/v1/workers/one/models")).ToString();
        Assert.Contains("\"live\"", models, StringComparison.Ordinal);
        Assert.Contains("\"moved\"", models, StringComparison.Ordinal);
        Assert.Equal(["one"], await WorkersOfAsync(api, "live"));
        Assert.DoesNotContain("leave with this worker", two.Output, StringComparison.Ordinal);
        Assert.InRange(took.TotalSeconds, 0, 10);
        await load.AnsweredAsync(20);
        Assert.Empty(load.Failures);
        await api.DeleteAsync($"{Scenario.Project}/deployments/moved");

        var again = await OdlProcess.StartAsync(two.Options);
        await Eventually.TrueAsync("both to serve again", async () => (await WorkersOfAsync(api, "live")).Length == 2);
        return again;
    }

    private static async Task<string[]> WorkersOfAsync(Api api, string deployment) =>
        [.. (await api.GetAsync($"{Scenario.Project}/deployments/{deployment}")).GetProperty("workers").EnumerateArray().Select(worker => worker.GetString()!).Order(StringComparer.Ordinal)];

    /// <summary>What is loaded on demand is loaded on another worker before it leaves one that is drained: no request is lost.</summary>
    private static async Task MovesModelsAsync(Api api)
    {
        await api.PostAsync($"{Scenario.Project}/deployments", new { name = "asked", model = "sides@1", residency = new { maximumReplicas = 2 } });
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

    /// <summary>
    /// SIGKILL of a worker that holds a rank: the run goes on from its checkpoint with the worker that is left. Of a deployment that both serve no request is lost:
    /// what was in flight there is asked again. A batch prediction over both answers every row once.
    /// </summary>
    private static async Task GoesOnAloneAsync(Api api, OdlProcess victim, string models)
    {
        await DeployPredictorsAsync(api, models);
        await Scenario.TrainAsync(api, "points", epochs: 150, name: "broken", workers: 2, minWorkers: 1);
        await Eventually.TrueAsync("the run of both to have a checkpoint", async () => (await Scenario.RunAsync(api, "broken")).TryGetProperty("lastCheckpoint", out _));
        var streams = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => EndlessStream.OpenAsync(api, "endless")));
        for (var sequence = 1; sequence <= Sequences; sequence++)
        {
            Assert.Equal(HttpStatusCode.OK, (await StepAsync(api, sequence, start: true)).Status);
            Assert.Equal(HttpStatusCode.OK, (await StepAsync(api, sequence, start: false)).Status);
        }

        const int Rows = 10_000;
        await Scenario.CommitPointsAsync(api, "many", Rows, seed: 2);
        string batch;
        await using (var load = new SteadyRequests(api, "live"))
        {
            await load.AnsweredAsync(20);
            batch = (await api.PostAsync($"{Scenario.Project}/batch-predictions", new { deployment = "live", dataset = "many", output = "answers" })).Text("id");
            await Eventually.TrueAsync("answers of a part", async () => (await BatchAsync()).GetProperty("rowsDone").GetInt64() > 0);
            await victim.KillAsync();
            Assert.Equal("running", (await BatchAsync()).Text("status"));
            await EndStreamsAsync(api, streams);
            await Eventually.TrueAsync("the route without the dead worker", async () => await WorkersOfAsync(api, "live") is ["one"], TimeSpan.FromSeconds(6));
            await load.AnsweredAsync(20);
            Assert.Empty(load.Failures);
            Assert.InRange(load.Slowest.TotalSeconds, 0, 6);
        }

        await Eventually.TrueAsync("the end of the batch", async () => (await BatchAsync()).Text("status") != "running");
        Assert.Equal(("completed", Rows), ((await BatchAsync()).Text("status"), (await BatchAsync()).GetProperty("rowsDone").GetInt32()));
        var lines = (await api.Http.GetStringAsync(new Uri($"{Scenario.Project}/datasets/answers/versions/v1/export?format=jsonl", UriKind.Relative))).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Enumerable.Range(0, Rows), lines.Select(line => JsonSerializer.Deserialize<JsonElement>(line).GetProperty("row").GetInt32()));

        await RestartSequencesAsync(api);
        var after = await Scenario.CompletedAsync(api, "broken", TimeSpan.FromSeconds(60));
        Assert.Equal(["one", "two"], Workers(after)[0]);
        Assert.Equal(["one"], Workers(after)[^1]);
        Assert.True(after.GetProperty("resumedFromStep").GetInt64() > 0, after.ToString());
        Assert.InRange(Accuracy(after), 0.95, 1);

        Task<JsonElement> BatchAsync() => api.GetAsync($"{Scenario.Project}/batch-predictions/{batch}");
    }

    private static Dictionary<string, string> Repository(string folder)
    {
        Directory.CreateDirectory(folder);
        return new() { ["Serving__Repository__Directory"] = folder, ["Serving__Repository__ControlMode"] = "explicit" };
    }

    /// <summary>Code of a user on both workers: one that answers any number of times, and one whose requests are of sequences.</summary>
    private static async Task DeployPredictorsAsync(Api api, string models)
    {
        const string Assembly = "OrleansDL.TestPredictor.dll";
        var code = Path.Combine(AppContext.BaseDirectory.Replace("OrleansDL.EndToEnd.Tests", "OrleansDL.TestPredictor", StringComparison.Ordinal), Assembly);
        foreach (var (model, file) in new[] { ("many", "decoupled.txt"), ("one-each", "plain.txt") })
        {
            var version = Directory.CreateDirectory(Path.Combine(models, model, "1")).FullName;
            File.Copy(code, Path.Combine(version, Assembly));
            await File.WriteAllTextAsync(Path.Combine(version, "predictor.json"), $$"""{"assembly": "{{Assembly}}"}""");
            await File.WriteAllTextAsync(Path.Combine(version, "factor.txt"), "3");
            await File.WriteAllTextAsync(Path.Combine(version, file), "");
            await File.WriteAllTextAsync(Path.Combine(models, model, "config.pbtxt"), "backend: \"dotnet\"");
            await api.PostAsync($"/v2/repository/models/{model}/load");
        }

        await api.PostAsync($"{Scenario.Project}/deployments", new { name = "endless", model = "many@1", replicas = 2 });
        await api.PostAsync($"{Scenario.Project}/deployments", new { name = "sequences", model = "one-each@1", replicas = 2, sequence = new { maximumIdleMicroseconds = 600_000_000 } });
        await Eventually.TrueAsync("predictors on both workers", async () => (await WorkersOfAsync(api, "endless")).Length == 2 && (await WorkersOfAsync(api, "sequences")).Length == 2);
    }

    /// <summary>Streams of the worker that is gone end with an error that says so; the others go on until their callers leave, which ends them there.</summary>
    private static async Task EndStreamsAsync(Api api, EndlessStream[] streams)
    {
        using var enough = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        var reading = streams.Select(stream => stream.LastAsync(enough.Token)).ToList();
        List<string?> lost = [];
        while (lost.Count < 2)
        {
            var ended = await Task.WhenAny(reading);
            reading.Remove(ended);
            lost.Add(await ended);
        }

        Assert.All(lost, last => Assert.Contains("The worker that was answering is gone", last, StringComparison.Ordinal));
        Assert.All(reading, other => Assert.False(other.IsCompleted));
        await enough.CancelAsync();
        await Task.WhenAll(reading);
        foreach (var stream in streams)
        {
            stream.Dispose();
        }

        await Eventually.TrueAsync("the streams of who left to end", async () =>
        {
            using var body = new StringContent("""{"x":[-8]}""");
            var (status, answer) = await api.TryAsync(HttpMethod.Post, "/v2/models/endless/generate", body);
            return status is HttpStatusCode.OK && answer.GetProperty("y")[1].GetDouble() == 2;
        });
    }

    /// <summary>A sequence goes on where its worker is; where that is gone its next request is told to start it again.</summary>
    private static async Task RestartSequencesAsync(Api api)
    {
        var lost = 0;
        for (var sequence = 1; sequence <= Sequences; sequence++)
        {
            var (status, answer) = await StepAsync(api, sequence, start: false);
            if (status is not HttpStatusCode.OK)
            {
                lost++;
                Assert.Equal(HttpStatusCode.BadRequest, status);
                Assert.Contains("must specify the START flag on the first request of the sequence", answer.Text("error"), StringComparison.Ordinal);
                Assert.Equal(HttpStatusCode.OK, (await StepAsync(api, sequence, start: true)).Status);
                Assert.Equal(HttpStatusCode.OK, (await StepAsync(api, sequence, start: false)).Status);
            }
        }

        Assert.InRange(lost, 1, Sequences - 1);
    }

    private static async Task<(HttpStatusCode Status, JsonElement Body)> StepAsync(Api api, int sequence, bool start)
    {
        using var body = JsonContent.Create(new { parameters = new { sequence_id = sequence, sequence_start = start }, inputs = new[] { new { name = "x", datatype = "FP32", shape = new[] { 1, 1 }, data = new[] { 1 } } } });
        return await api.TryAsync(HttpMethod.Post, "/v2/models/sequences/infer", body);
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
