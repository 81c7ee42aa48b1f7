using System.Globalization;
using System.Text;
using System.Text.Json;

namespace OrleansDL.Tests.Harness;

/// <summary>The words tests of the whole loop share: data that is quick to learn, and waiting for what runs.</summary>
internal static class Scenario
{
    public const string Project = "/v1/projects/default";

    private static readonly string[] Ended = ["completed", "failed", "cancelled"];
    private static readonly string[] WorkflowEnded = ["succeeded", "failed", "cancelled", "rejected"];

    /// <summary>Points of the plane, labelled by which side of a line they lie on.</summary>
    public static string Points(int rows, int seed)
    {
        var random = new Random(seed);
        var text = new StringBuilder("x,y,side\n");
        for (var row = 0; row < rows; row++)
        {
            var (x, y) = ((random.NextDouble() * 2) - 1, (random.NextDouble() * 2) - 1);
            text.Append(CultureInfo.InvariantCulture, $"{x:F4},{y:F4},{(x + (2 * y) > 0.3 ? "above" : "below")}\n");
        }

        return text.ToString();
    }

    public static async Task<JsonElement> CommitPointsAsync(Api api, string dataset, int rows, int seed, bool create = true)
    {
        if (create)
        {
            await api.PostAsync($"{Project}/datasets", new { name = dataset, kind = "table" });
        }

        return await api.UploadAsync($"{Project}/datasets/{dataset}/commits?message=points&format=csv&path=points-{seed}.csv&mode=append", Points(rows, seed));
    }

    /// <summary>A run of a tiny network. More epochs make it last.</summary>
    public static Task<JsonElement> TrainAsync(Api api, string dataset, int epochs = 3, string? name = null, string? registerAs = null, int slots = 1, int? workers = null, int? minWorkers = null) =>
        api.PostAsync($"{Project}/training-runs", new
        {
            name,
            dataset,
            network = new { family = "mlp", hidden = new[] { 16 } },
            epochs,
            batchSize = 32,
            learningRate = 0.01,
            seed = 7,
            checkpointSeconds = 0.1,
            registerAs,
            slots,
            workers,
            minWorkers,
        });

    public static Task<JsonElement> RunAsync(Api api, string run) => api.GetAsync($"{Project}/training-runs/{run}");

    /// <summary>Waits for the end of a run and insists that it completed.</summary>
    public static async Task<JsonElement> CompletedAsync(Api api, string run, TimeSpan? within = null)
    {
        var ended = await Eventually.GetAsync(
            $"run {run} to end",
            async () => await RunAsync(api, run) is var now && Ended.Contains(now.GetProperty("status").GetString()) ? now.ToString() : null,
            within);
        var answer = JsonSerializer.Deserialize<JsonElement>(ended);
        Assert.True(answer.GetProperty("status").GetString() == "completed", ended);
        return answer;
    }

    public static async Task<JsonElement> WorkflowEndedAsync(Api api, string run, TimeSpan? within = null) => JsonSerializer.Deserialize<JsonElement>(
        await Eventually.GetAsync(
            $"workflow run {run} to end",
            async () => await api.GetAsync($"{Project}/workflow-runs/{run}") is var now && WorkflowEnded.Contains(now.GetProperty("status").GetString()) ? now.ToString() : null,
            within));

    /// <summary>Waits until a deployment answers with a version.</summary>
    public static Task ServingAsync(Api api, string deployment, long version) => Eventually.TrueAsync(
        $"{deployment} to serve version {version}",
        async () =>
        {
            var now = await api.GetAsync($"{Project}/deployments/{deployment}");
            Assert.True(now.GetProperty("status").GetString() != "failed", now.ToString());
            return now.Text("status") == "ready" && now.TryGetProperty("servingVersion", out var serving) && serving.GetInt64() == version;
        });

    /// <summary>Asks a deployment, and asks again while it says that it will be there in a moment.</summary>
    public static async Task<JsonElement> PredictAsync(Api api, string deployment, object body)
    {
        var answer = await Eventually.GetAsync($"{deployment} to answer", async () =>
        {
            using var content = System.Net.Http.Json.JsonContent.Create(body);
            var (status, document) = await api.TryAsync(HttpMethod.Post, $"{Project}/deployments/{deployment}/predict", content);
            Assert.True(status is System.Net.HttpStatusCode.OK or System.Net.HttpStatusCode.ServiceUnavailable, document.ToString());
            return status is System.Net.HttpStatusCode.OK ? document.ToString() : null;
        }, TimeSpan.FromSeconds(10));
        return JsonSerializer.Deserialize<JsonElement>(answer);
    }

    public static string Text(this JsonElement element, string property) => element.GetProperty(property).GetString()!;

    public static IReadOnlyList<JsonElement> Items(this JsonElement page) => [.. page.GetProperty("items").EnumerateArray()];

    /// <summary>Digest of a file a run left.</summary>
    public static string Artifact(this JsonElement run, string file) => run.GetProperty("artifact").GetProperty(file).GetProperty("blob").GetString()!;
}
