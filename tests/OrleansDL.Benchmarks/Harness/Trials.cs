using System.Text.Json;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks.Harness;

/// <summary>Short training runs on a small table.</summary>
internal static class Trials
{
    private const string Project = "/v1/projects/default";

    /// <summary>Creates a run of some epochs.</summary>
    public static async Task<string> CreateAsync(Api api, int epochs) =>
        (await api.PostAsync($"{Project}/training-runs", new { dataset = "rows", network = new { family = "mlp", hidden = new[] { 32 } }, epochs })).GetProperty("id").GetString()!;

    /// <summary>Waits until a run has ended.</summary>
    public static async Task<JsonElement> EndedAsync(Api api, string run)
    {
        var ended = default(JsonElement);
        await Eventually.TrueAsync($"the end of run {run}", async () =>
        {
            ended = await api.GetAsync($"{Project}/training-runs/{run}");
            return ended.GetProperty("status").GetString() is "completed" or "failed" or "cancelled";
        }, TimeSpan.FromMinutes(10));
        return ended.GetProperty("status").GetString() == "completed"
            ? ended
            : throw new InvalidOperationException($"Run {run} has {ended.GetProperty("status")}: {ended.GetProperty("reason")}");
    }

    /// <summary>From the moment a run was queued until its first step was done.</summary>
    public static async Task<double> FirstStepAsync(Api api, JsonElement run)
    {
        var metrics = await api.GetAsync($"{Project}/training-runs/{run.GetProperty("id").GetString()}/metrics?name=train.loss&pageSize=1");
        return (metrics.GetProperty("items")[0].GetProperty("time").GetDateTimeOffset() - run.GetProperty("createdAt").GetDateTimeOffset()).TotalSeconds;
    }

    /// <summary>Seconds that a run spent in training proper.</summary>
    public static double Seconds(JsonElement run) => run.GetProperty("metrics").GetProperty("train.seconds").GetDouble();
}
