using OrleansDL.Networks;
using OrleansDL.Training;
using static TorchSharp.torch;

namespace OrleansDL.Tests.Training;

/// <summary>What a step is made of: its batches, and the bounds on its gradients.</summary>
[Collection("torch")]
public sealed class StepTests
{
    [Theory]
    [InlineData(12, 4)]
    [InlineData(16, 3)]
    [InlineData(7, 100)]
    public void A_step_over_several_batches_is_that_of_one_batch_of_all_their_rows(int batch, int accumulate)
    {
        using var folder = new TestFolder();
        var spec = Assignments.Spec() with
        {
            Network = new NetworkSpec { Family = "mlp", Hidden = [16] },
            Optimizer = "sgd",
            LearningRate = 0.05,
            Epochs = 2,
            ValidationFraction = 0,
        };
        var whole = Train(folder, "whole", spec with { BatchSize = batch * accumulate });
        var parts = Train(folder, "parts", spec with { BatchSize = batch, Accumulate = accumulate });
        Assert.Equal(whole.Length, parts.Length);
        for (var index = 0; index < whole.Length; index++)
        {
            Assert.Equal(whole[index], parts[index], 1e-4);
        }
    }

    [Fact]
    public void Gradients_are_bounded_by_value_and_by_norm()
    {
        using var network = new Network(
            new NetworkDefinition { Network = NetworkFamilies.WithDefaults(new NetworkSpec { Family = "mlp", Hidden = [5] }), Input = [7], Classes = 3 }, 4);
        using var scope = NewDisposeScope();
        network.Gradients.fill_(0.5);
        network.Gradients[0] = -3;
        Assert.Null(GradientClip.Apply(network, new ClipSpec { Value = 1 }));
        Assert.Equal([-1, 0.5f], network.Gradients.data<float>().Take(2));

        var norm = Math.Sqrt(1 + ((network.Gradients.numel() - 1) * 0.25));
        Assert.Equal(norm, GradientClip.Apply(network, new ClipSpec { Norm = 100 })!.Value, 1e-4);
        Assert.Equal(-1, network.Gradients[0].item<float>());
        Assert.Equal(norm, GradientClip.Apply(network, new ClipSpec { Norm = 0.25 })!.Value, 1e-4);
        Assert.Equal(0.25, network.Gradients.norm().item<float>(), 1e-4);
    }

    [Fact]
    public void Collections_in_the_middle_of_a_step_change_nothing()
    {
        var quiet = Steps();
        var isOver = false;
        var collector = new Thread(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
        });
        collector.Start();
        var disturbed = Steps();
        Volatile.Write(ref isOver, true);
        collector.Join();
        Assert.Equal(quiet, disturbed);
    }

    private static float[] Steps()
    {
        using var network = new Network(
            new NetworkDefinition { Network = NetworkFamilies.WithDefaults(new NetworkSpec { Family = "mlp", Hidden = [1000] }), Input = [1000], Classes = 10 }, 4);
        using var optimizer = Optimizer.For(network, Assignments.Spec() with { Optimizer = "adamw", WeightDecay = 0.01 });
        using var guard = no_grad();
        for (var step = 1; step <= 300; step++)
        {
            using var scope = NewDisposeScope();
            network.Gradients.copy_(network.Weights);
            optimizer.Step(step, 1e-3);
        }

        return [.. network.Weights.data<float>()];
    }

    private static float[] Train(TestFolder folder, string name, TrainingSpec spec)
    {
        var assignment = Assignments.Digits(folder["data"], spec, row => row < 250);
        TrainingJob.Run(assignment, folder["data"], folder[name], folder.Make("none"), "cpu", new TrainingHooks(), TimeProvider.System);
        var (tensors, _) = SafeTensors.Read(File.ReadAllBytes(Path.Combine(folder[name], "weights.safetensors")), name);
        return [.. tensors.Values.SelectMany(tensor => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(tensor.Data).ToArray())];
    }
}
