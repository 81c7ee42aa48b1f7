using System.Text;
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
        var assignment = Assignments.Digits(folder["data"], spec, row => row < 250);
        var end = TrainingJob.Run(assignment, folder["data"], folder["stopped"], folder.Make("left"), "cpu", hooks, new SteppingTime());
        Assert.Equal(TrainingEnd.Stopped, end);
        Assert.False(Directory.Exists(folder["stopped"]));
        var left = Assert.Single(Directory.GetFiles(folder["left"]), file => file.EndsWith($"checkpoint-{stopAfter}.safetensors", StringComparison.Ordinal));
        File.Move(left, Path.Combine(folder.Make("taken"), TrainingJob.ResumeFile));
        Assert.Equal(unbroken, Train(folder, "resumed", spec, "taken"));
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
    public void A_loss_that_is_no_number_fails_the_run_and_names_the_step()
    {
        using var folder = new TestFolder();
        var error = Assert.Throws<InvalidException>(() => Train(folder, "out", Spec("mlp") with { Optimizer = "sgd", LearningRate = 1000, Epochs = 50 }));
        Assert.Matches(@"^The training loss became (NaN|∞|Infinity) at step \d+\. Lower learningRate \(now 1000\)", error.Message);
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
