using System.Text.Json;
using OrleansDL.Training;

namespace OrleansDL.Tests.Training;

/// <summary>The learning rate that a run looks for itself.</summary>
[Collection("torch")]
public sealed class RateFinderTests
{
    [Fact]
    public void A_run_that_finds_its_rate_trains_as_one_that_was_given_it()
    {
        using var folder = new TestFolder();
        var points = new List<MetricPoint>();
        var found = Train(folder, "found", Spec with { RateFinder = new RateFinderSpec() }, new TrainingHooks { Progressed = (told, _) => points.AddRange(told) });
        var rate = found["find.learningRate"];
        Assert.InRange(rate, 1e-4, 0.3);

        // The curve: rates that grow evenly by their logarithm, until the loss ran away.
        var rates = points.Where(point => point.Name == "find.learningRate").ToList();
        var losses = points.Where(point => point.Name == "find.loss").Select(point => point.Value).ToList();
        Assert.Equal(1e-7, rates[0].Value, 1e-9);
        Assert.All(rates.Zip(rates.Skip(1)), pair => Assert.Equal(Math.Pow(1e8, 1.0 / 99), pair.Second.Value / pair.First.Value, 1e-9));
        Assert.Equal(Enumerable.Range(1, rates.Count).Select(step => (long)step), rates.Select(point => point.Step));
        Assert.True(rates.Count < 100 && losses[^1] > 2 * losses.Min(), $"{rates.Count} steps to {losses[^1]}, least {losses.Min()}");

        // Nothing is left of the sweep.
        var given = Train(folder, "given", Spec with { LearningRate = rate }, new TrainingHooks());
        Assert.Equal(TestFolder.Sha(Path.Combine(folder["given"], "weights.safetensors")), TestFolder.Sha(Path.Combine(folder["found"], "weights.safetensors")));
        Assert.False(given.ContainsKey("find.learningRate"));
        Assert.True(found["validation.loss"] < Train(folder, "slow", Spec with { LearningRate = rate / 100 }, new TrainingHooks())["validation.loss"]);
    }

    [Fact]
    public void A_run_that_only_looks_for_the_rate_leaves_it_and_no_model()
    {
        using var folder = new TestFolder();
        Assert.InRange(Train(folder, "out", Spec with { RateFinder = new RateFinderSpec { Then = "stop", Steps = 40 } }, new TrainingHooks())["find.learningRate"], 1e-4, 0.3);
        Assert.Equal("metrics.json", Path.GetFileName(Assert.Single(Directory.GetFiles(folder["out"]))));
    }

    [Fact]
    public void A_sweep_that_is_told_to_stop_begins_again_another_time()
    {
        using var folder = new TestFolder();
        TrainingHooks hooks = null!;
        hooks = new TrainingHooks { Progressed = (_, _) => hooks.Stop() };
        var spec = Spec with { RateFinder = new RateFinderSpec { Then = "stop" } };
        var assignment = Assignments.Digits(folder["data"], spec, row => row < 300);
        Assert.Equal(TrainingEnd.Stopped, TrainingJob.Run(assignment, folder["data"], folder["out"], folder.Make("checkpoints"), "cpu", hooks, TimeProvider.System));
        Assert.Empty(Directory.GetFiles(folder["checkpoints"]));
        Assert.Equal(Train(folder, "again", spec, new TrainingHooks()), Train(folder, "once", spec, new TrainingHooks()));
    }

    [Fact]
    public void The_rate_is_where_the_loss_falls_fastest()
    {
        var sweep = new RateSweep(new RateFinderSpec { Least = 1e-6, Greatest = 1, Steps = 120 });
        var step = 0;
        while (sweep.Add(Curve(Math.Log10(sweep.RateOf(step)))))
        {
            step++;
        }

        // It falls fastest at 1e-3 and grows from 0.1 on; the curve is noisy.
        Assert.InRange(sweep.Suggest(), 5e-4, 2e-3);
        Assert.InRange(sweep.Done, 90, 119);

        double Curve(double exponent) => 2.3 - (2 / (1 + Math.Exp(-4 * (exponent + 3)))) + (exponent > -1 ? 40 * Math.Pow(exponent + 1, 2) : 0) + (0.02 * Math.Sin(step * 2.4));
    }

    [Fact]
    public void A_loss_that_falls_nowhere_is_told()
    {
        var sweep = new RateSweep(new RateFinderSpec());
        Assert.False(sweep.Add(double.NaN));
        Assert.StartsWith("rateFinder found no learning rate from 1E-07 to 10 at which the loss falls", Assert.Throws<InvalidException>(() => sweep.Suggest()).Message, StringComparison.Ordinal);
        while (sweep.Add(1 + (sweep.Done * 0.001)))
        {
        }

        Assert.Throws<InvalidException>(() => sweep.Suggest());
    }

    private static TrainingSpec Spec => Assignments.Spec("cnn") with { Network = new NetworkSpec { Family = "cnn", Channels = [8, 16], Hidden = [32] }, Epochs = 2, ValidationFraction = 0.1, Accumulate = 2, EmaDecay = 0.9 };

    private static Dictionary<string, double> Train(TestFolder folder, string name, TrainingSpec spec, TrainingHooks hooks)
    {
        var assignment = Assignments.Digits(folder["data"], spec, row => row < 300);
        Assert.Equal(TrainingEnd.Done, TrainingJob.Run(assignment, folder["data"], folder[name], folder.Make($"{name}-checkpoints"), "cpu", hooks, TimeProvider.System));
        return JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllBytes(Path.Combine(folder[name], "metrics.json")))!;
    }
}
