using System.Text.Json;
using OrleansDL.Datasets;
using OrleansDL.Inference;
using OrleansDL.Tests.Harness;
using OrleansDL.Training;
using Xunit.Abstractions;

namespace OrleansDL.Tests.RealData;

/// <summary>A spec of docs/examples, trained on rows and judged by what it left on others.</summary>
internal static class Example
{
    public static TrainingSpec Spec(string name) =>
        JsonSerializer.Deserialize<TrainingSpec>(File.ReadAllBytes(Path.Combine(Repository.Root, "docs", "examples", $"{name}.json")), OdlJson.Options)!;

    /// <summary>Trains on all rows, and leaves the artifact in the folder's <c>out</c>.</summary>
    /// <param name="lost">Hears the losses that are reported.</param>
    public static void Train(TestFolder folder, TrainingSpec spec, DatasetKind kind, Column[] schema, IEnumerable<object?[]> rows, ITestOutputHelper output, Action<double>? lost = null)
    {
        var assignment = Assignments.Of(folder["train"], spec with { ValidationFraction = 0 }, kind, schema, rows, shardBytes: 1 << 24);
        var hooks = new TrainingHooks
        {
            Logged = output.WriteLine,
            Progressed = (points, _) =>
            {
                if (points.FirstOrDefault(point => point.Name == "train.loss") is { } loss)
                {
                    lost?.Invoke(loss.Value);
                }
            },
        };
        Assert.Equal(TrainingEnd.Done, TrainingJob.Run(assignment, folder["train"], folder["out"], folder.Make("checkpoints"), "cpu", hooks, TimeProvider.System));
    }

    /// <summary>Metrics of the model in the folder's <c>out</c> over rows it never saw.</summary>
    public static Dictionary<string, double> Judge(TestFolder folder, DatasetKind kind, Column[] schema, IEnumerable<object?[]> rows, ITestOutputHelper output)
    {
        var spec = new TrainingSpec { Dataset = "held", Program = TrainingProgram.Evaluate, Model = "model@1" };
        var held = Assignments.Of(folder["held"], spec, kind, schema, rows, shardBytes: 1 << 24) with { ModelDirectory = folder["out"] };
        Assert.Equal(TrainingEnd.Done, EvaluationJob.Run(held, folder["held"], folder["judged"], new TrainingHooks(), TimeProvider.System));
        var metrics = JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllBytes(Path.Combine(folder["judged"], "metrics.json")), OdlJson.Options)!;
        output.WriteLine($"Judged on {metrics["rows"]} rows: {string.Join(", ", metrics.Where(metric => metric.Key is "accuracy" or "loss" or "perplexity" or "f1.macro").Select(metric => $"{metric.Key} {metric.Value:0.0000}"))}");
        return metrics;
    }
}
