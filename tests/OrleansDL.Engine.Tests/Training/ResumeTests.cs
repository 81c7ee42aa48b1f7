using System.Text;
using System.Text.Json.Nodes;
using OrleansDL.Data;
using OrleansDL.Training;
using static TorchSharp.torch;

namespace OrleansDL.Tests.Training;

[Collection("torch")]
public sealed class ResumeTests
{
    private static readonly string[] Deterministic = ["model.onnx", "weights.safetensors", "network.json", "pipeline.json", "signature.json", "reference.json"];

    [Theory]
    [InlineData("adam")]
    [InlineData("adamw")]
    [InlineData("sgd")]
    [InlineData("rmsprop")]
    [InlineData("lion")]
    public void The_same_seed_gives_the_same_bytes_and_another_seed_others(string optimizer)
    {
        using var folder = new TestFolder();
        var spec = Spec("cnn") with { Optimizer = optimizer, WeightDecay = 0.01 };
        var first = Train(folder, "first", spec);
        Assert.Equal(first, Train(folder, "second", spec));
        Assert.NotEqual(first[1], Train(folder, "third", spec with { Seed = 2 })[1]);
    }

    [Theory]
    [InlineData("mlp", "sgd", 2)]
    [InlineData("mlp", "adamw", 9)]
    [InlineData("cnn", "adam", 5)]
    [InlineData("cnn", "adam", 8)]
    [InlineData("cnn", "adam", 14)]
    public void A_run_that_was_stopped_ends_with_the_bytes_of_one_that_was_not(string family, string optimizer, int stopAfter)
    {
        using var folder = new TestFolder();
        var spec = Spec(family) with { Optimizer = optimizer };
        var unbroken = Train(folder, "unbroken", spec);

        Stop(folder, spec, stopAfter, "none", "taken");
        Assert.False(Directory.Exists(folder["stopped"]));
        Assert.Equal(unbroken, Train(folder, "resumed", spec, "taken"));
    }

    [Fact]
    public void A_run_killed_at_random_steps_ends_with_the_bytes_of_one_that_was_not() => KillAtRandom(seed: 1, runs: 6);

    [Fact]
    [Trait("Category", "Slow")]
    public void Many_runs_killed_at_random_steps_end_with_the_bytes_of_those_that_were_not() => KillAtRandom(seed: 2, runs: 60);

    [Fact]
    public void A_run_begun_before_samples_had_keys_goes_on_with_the_randomness_it_began_with()
    {
        using var folder = new TestFolder();
        var spec = Spec("cnn");
        var keyed = Train(folder, "keyed", spec);
        Stop(folder, spec, 3, "none", "first");
        ToVersion1(folder, "first", "old");
        var unbroken = Train(folder, "unbroken", spec, "old");
        Assert.NotEqual(keyed[1], unbroken[1]);
        Stop(folder, spec, 9, "old", "second");
        Assert.Equal(unbroken, Train(folder, "resumed", spec, "second"));
    }

    [Fact]
    public void A_mean_of_weights_that_the_checkpoint_lacks_begins_with_its_weights()
    {
        using var folder = new TestFolder();
        Stop(folder, Spec("mlp"), 3, "none", "taken");
        Train(folder, "averaged", Spec("mlp") with { EmaDecay = 0.5 }, "taken");
        Assert.NotEqual(Train(folder, "plain", Spec("mlp"), "taken")[1], TestFolder.Sha(Path.Combine(folder["averaged"], "weights.safetensors")));
    }

    [Fact]
    public void Training_keeps_no_tensor_when_it_ends()
    {
        using var folder = new TestFolder();
        Train(folder, "first", Spec("cnn"));
        var before = Tensor.TotalCount;
        Train(folder, "second", Spec("cnn") with { CheckpointSeconds = 0.05 });
        Assert.Equal(before, Tensor.TotalCount);
    }

    [Theory]
    [InlineData("mlp", null)]
    [InlineData("cnn", "bf16")]
    public void Steps_leave_no_tensor_behind(string family, string? precision)
    {
        using var folder = new TestFolder();
        var counts = new SortedDictionary<long, long>();
        var spec = Spec(family) with { Epochs = 20, Precision = precision, EmaDecay = 0.9, Clip = new ClipSpec { Norm = 1 }, Guard = new GuardSpec() };
        var assignment = Assignments.Digits(folder["data"], spec, row => row < 250);
        var hooks = new TrainingHooks
        {
            // At the end of an epoch it is told twice, once while the mean of the weights stands in for them.
            Progressed = (_, progress) => counts[progress.Step] = Math.Min(counts.GetValueOrDefault(progress.Step, long.MaxValue), TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount),
        };
        TrainingJob.Run(assignment, folder["data"], folder["out"], folder.Make("checkpoints"), "cpu", hooks, new SteppingTime());

        // From the second epoch on: what is kept for all of the run has been made then.
        var steady = counts.Where(count => count.Key > 8).Select(count => count.Value).ToList();
        Assert.True(steady.Count > 100, $"{steady.Count} steps were seen");
        Assert.Equal([steady[0]], steady.Distinct());
    }

    [Fact]
    public void A_checkpoint_of_another_run_is_refused_by_name()
    {
        using var folder = new TestFolder();
        var taken = folder.Make("taken");
        var assignment = Assignments.Digits(folder["data"], Spec("mlp"), row => row < 250);
        var hooks = new TrainingHooks();
        hooks.Stop();
        TrainingJob.Run(assignment, folder["data"], folder["out"], taken, "cpu", hooks, TimeProvider.System);
        File.Move(Path.Combine(taken, "checkpoint-1.safetensors"), Path.Combine(taken, TrainingJob.ResumeFile));

        var error = Assert.Throws<InvalidException>(() => Train(folder, "other", Spec("mlp") with { Seed = 9 }, "taken"));
        Assert.Contains("checkpoint.safetensors cannot be gone on from: its dataset, seed, batch size or optimizer is another", error.Message, StringComparison.Ordinal);
        File.WriteAllBytes(Path.Combine(taken, TrainingJob.ResumeFile), Encoding.UTF8.GetBytes("not a checkpoint at all"));
        Assert.Throws<InvalidException>(() => Train(folder, "other", Spec("mlp"), "taken"));
    }

    [Fact]
    public void A_checkpoint_whose_rows_were_split_by_how_numbers_were_spelt_is_refused()
    {
        using var folder = new TestFolder();
        Stop(folder, Spec("mlp"), 3, "none", "taken");
        var path = Path.Combine(folder["taken"], TrainingJob.ResumeFile);
        var (tensors, metadata) = SafeTensors.Read(path);
        Assert.Contains("/split-by-numbers=2", metadata["order"], StringComparison.Ordinal);
        metadata["order"] = metadata["order"].Replace("/split-by-numbers=2", "", StringComparison.Ordinal);
        File.WriteAllBytes(path, SafeTensors.Write([.. tensors.Values], metadata));

        var error = Assert.Throws<InvalidException>(() => Train(folder, "old", Spec("mlp"), "taken"));
        Assert.Contains("an older OrleansDL wrote it, which split rows by how their numbers are spelt", error.Message, StringComparison.Ordinal);
        Assert.Contains("Start the run anew", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_loss_that_is_no_number_fails_the_run_and_names_the_step()
    {
        using var folder = new TestFolder();
        var error = Assert.Throws<InvalidException>(() => Train(folder, "out", Spec("mlp") with { Optimizer = "sgd", LearningRate = 1000, Epochs = 50 }));
        Assert.Matches(@"^The training loss became (NaN|∞|Infinity) at step \d+\. Lower learningRate \(now 1000\)", error.Message);
    }

    /// <summary>Each run goes on twice from a checkpoint that was written when all after it was lost.</summary>
    private static void KillAtRandom(ulong seed, int runs)
    {
        var random = new Xoshiro(seed);
        for (var run = 0; run < runs; run++)
        {
            using var folder = new TestFolder();
            var spec = RandomRuns.Draw(random);
            var unbroken = Train(folder, "unbroken", spec);
            var steps = 2 * (200 / spec.BatchSize / (spec.Accumulate ?? 1));
            var first = 2 + (int)random.Next((ulong)steps - 4);
            Stop(folder, spec, first, "none", "first");
            Stop(folder, spec, first + 2 + (int)random.Next((ulong)(steps - first - 2)), "first", "second");
            Assert.True(unbroken.SequenceEqual(Train(folder, "resumed", spec, "second")), $"{System.Text.Json.JsonSerializer.Serialize(spec, OdlJson.Options)} killed after {first}");
        }
    }

    /// <summary>Trains until a step and leaves the checkpoint in a folder to go on from.</summary>
    private static void Stop(TestFolder folder, TrainingSpec spec, int stopAfter, string from, string taken)
    {
        TrainingHooks? hooks = null;
        hooks = new TrainingHooks
        {
            Progressed = (_, progress) =>
            {
                if (progress.Step >= stopAfter - 1)
                {
                    hooks!.Stop();
                }
            },
        };
        var checkpoints = folder.Make($"left-{taken}");
        var before = Path.Combine(folder[from], TrainingJob.ResumeFile);
        if (File.Exists(before))
        {
            File.Copy(before, Path.Combine(checkpoints, TrainingJob.ResumeFile));
        }

        var assignment = Assignments.Digits(folder["data"], spec, row => row < 250);
        Assert.Equal(TrainingEnd.Stopped, TrainingJob.Run(assignment, folder["data"], folder["stopped"], checkpoints, "cpu", hooks, new SteppingTime()));
        var left = Assert.Single(Directory.GetFiles(checkpoints), file => file.EndsWith($"checkpoint-{stopAfter}.safetensors", StringComparison.Ordinal));
        File.Move(left, Path.Combine(folder.Make(taken), TrainingJob.ResumeFile));
    }

    /// <summary>The checkpoint as a version before samples had keys would have written it.</summary>
    private static void ToVersion1(TestFolder folder, string from, string to)
    {
        var (tensors, metadata) = SafeTensors.Read(Path.Combine(folder[from], TrainingJob.ResumeFile));
        var state = JsonNode.Parse(metadata["state"])!.AsObject();
        state.Remove("randomness");
        state.Remove("guard");
        (metadata["version"], metadata["state"]) = ("1", state.ToJsonString());
        File.WriteAllBytes(Path.Combine(folder.Make(to), TrainingJob.ResumeFile), SafeTensors.Write([.. tensors.Values], metadata));
    }

    private static TrainingSpec Spec(string family) => Assignments.Spec(family) with
    {
        Network = new NetworkSpec { Family = family, Hidden = [16], Dropout = 0.2 },
        Epochs = 2,
        ValidationFraction = 0.1,
        CheckpointSeconds = 86_400,
    };

    private static string[] Train(TestFolder folder, string name, TrainingSpec spec, string checkpoints = "none")
    {
        var assignment = Assignments.Digits(folder["data"], spec, row => row < 250);
        var end = TrainingJob.Run(assignment, folder["data"], folder[name], folder.Make(checkpoints), "cpu", new TrainingHooks(), TimeProvider.System);
        Assert.Equal(TrainingEnd.Done, end);
        return [.. Deterministic.Select(file => TestFolder.Sha(Path.Combine(folder[name], file)))];
    }
}
