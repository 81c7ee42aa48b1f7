using System.Diagnostics;
using System.Text.Json;
using OrleansDL.Inference;
using OrleansDL.Training;
using Xunit.Abstractions;

namespace OrleansDL.Tests.Training;

[Collection("torch")]
public sealed class DigitsTests(ITestOutputHelper output)
{
    [Fact]
    public void A_small_cnn_reads_97_of_100_digits_it_never_saw()
    {
        using var folder = new TestFolder();
        var time = Stopwatch.StartNew();
        var spec = Assignments.Spec("cnn") with { Epochs = 10, BatchSize = 64, LearningRate = 0.004, ValidationFraction = 0 };
        var training = Assignments.Digits(folder["train"], spec, row => row % 5 != 0);
        Assert.Equal(TrainingEnd.Done, TrainingJob.Run(training, folder["train"], folder["out"], folder.Make("checkpoints"), "cpu", new TrainingHooks { Logged = output.WriteLine }, TimeProvider.System));
        output.WriteLine($"{time.Elapsed}");

        var golden = Assignments.Digits(folder["golden"], new TrainingSpec { Dataset = "golden", Program = TrainingProgram.Evaluate, Model = "digits@1" }, row => row % 5 == 0) with { ModelDirectory = folder["out"] };
        Assert.Equal(TrainingEnd.Done, EvaluationJob.Run(golden, folder["golden"], folder["judged"], new TrainingHooks(), TimeProvider.System));
        var metrics = JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllBytes(Path.Combine(folder["judged"], "metrics.json")))!;
        output.WriteLine($"accuracy {metrics["accuracy"]}");
        output.WriteLine($"{time.Elapsed}");
        Assert.InRange(metrics["accuracy"], 0.97, 1);
        Assert.Equal(360, metrics["rows"]);
    }
}
