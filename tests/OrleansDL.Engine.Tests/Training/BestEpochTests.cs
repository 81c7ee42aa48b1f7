using OrleansDL.Training;

namespace OrleansDL.Tests.Training;

/// <summary>Which epoch is best, when a run has had enough, and which weights are exported.</summary>
[Collection("torch")]
public sealed class BestEpochTests
{
    [Theory]
    [InlineData(null, 0, new[] { 0.1, 0.5, 0.4, 0.5, 0.3 }, 5)]
    [InlineData(null, 0, new[] { 0.1, 0.2, 0.3, 0.4, 0.5 }, null)]
    [InlineData("validation.loss", 0, new[] { 0.5, 0.1, 0.2, 0.3, 0.4 }, 5)]
    [InlineData("validation.accuracy", 0.15, new[] { 0.1, 0.2, 0.24, 0.25, 0.9 }, 4)]
    public void A_run_ends_after_so_many_epochs_without_a_better_one(string? metric, double minDelta, double[] values, int? end)
    {
        var history = values.Select((value, index) => new EpochMetrics
        {
            Epoch = index + 1,
            Step = index,
            TrainLoss = 1,
            Score = value,
            Validation = new Dictionary<string, double> { ["loss"] = value, ["accuracy"] = value },
        }).ToList();
        var spec = new EarlyStopSpec { Patience = 3, MinDelta = minDelta };
        Assert.Equal(end, Enumerable.Range(1, 5).Cast<int?>().FirstOrDefault(count => EarlyStop.IsDue(history[..count!.Value], spec, metric)));
    }

    [Fact]
    public void A_metric_that_no_epoch_has_is_refused_with_those_it_has()
    {
        var epoch = new EpochMetrics { Epoch = 1, Step = 1, TrainLoss = 2, Validation = new Dictionary<string, double> { ["loss"] = 1 } };
        Assert.Equal(-2, EpochScore.Of(epoch, "train.loss"));
        Assert.Contains("train.loss, validation.loss", Assert.Throws<InvalidException>(() => EpochScore.Of(epoch, "validation.f1")).Message, StringComparison.Ordinal);
        Assert.Contains("validationFraction", Assert.Throws<InvalidException>(() => EpochScore.Of(epoch with { Validation = null }, "validation.f1")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_best_epoch_is_exported_and_a_run_without_patience_ends_early()
    {
        using var folder = new TestFolder();
        // The rate is so high that later epochs are worse than the best one.
        var spec = Assignments.Spec() with { Optimizer = "adam", LearningRate = 0.3, Epochs = 12, ValidationFraction = 0.3, Metric = "validation.loss" };
        var last = Train(folder, "last", spec);
        var best = Train(folder, "best", spec with { Export = "best" });
        Assert.NotEqual(last["validation.loss"], best["validation.loss"]);
        Assert.True(best["validation.loss"] < last["validation.loss"]);
        var early = Train(folder, "early", spec with { Export = "best", EarlyStop = new EarlyStopSpec { Patience = 1 } });
        Assert.True(early["train.steps"] < best["train.steps"]);
    }

    [Fact]
    public void The_mean_of_the_weights_is_judged_and_exported_where_it_is_kept()
    {
        using var folder = new TestFolder();
        var spec = Assignments.Spec() with { Optimizer = "sgd", LearningRate = 0.5, Epochs = 6, ValidationFraction = 0.3 };
        var last = Train(folder, "last", spec);
        var mean = Train(folder, "mean", spec with { EmaDecay = 0.99 });
        Assert.NotEqual(last["validation.loss"], mean["validation.loss"]);

        // It has no part in the training itself.
        Assert.Equal(last["train.loss"], mean["train.loss"]);
    }

    private static Dictionary<string, double> Train(TestFolder folder, string name, TrainingSpec spec)
    {
        var assignment = Assignments.Digits(folder["data"], spec, row => row < 250);
        TrainingJob.Run(assignment, folder["data"], folder[name], folder.Make("none"), "cpu", new TrainingHooks(), TimeProvider.System);
        return System.Text.Json.JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllBytes(Path.Combine(folder[name], "metrics.json")), OdlJson.Options)!;
    }
}
