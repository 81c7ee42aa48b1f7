using System.Text.Json;
using OrleansDL.Data;
using OrleansDL.Native;
using OrleansDL.Networks;
using OrleansDL.Tests.Networks;
using OrleansDL.Training;
using static TorchSharp.torch;

namespace OrleansDL.Tests.Training;

/// <summary>Networks that learn in bfloat16 from weights in 32 bits.</summary>
[Collection("torch")]
public sealed class PrecisionTests
{
    public static TheoryData<string> Families => [.. RandomSpecs.Families];

    [Theory]
    [MemberData(nameof(Families))]
    public void Gradients_of_16_bits_point_where_those_of_32_bits_do(string family)
    {
        TorchLibrary.Load();
        foreach (var seed in new ulong[] { 1, 2, 3 })
        {
            using var scope = NewDisposeScope();
            var definition = new RandomSpecs(seed).Next(family);
            using var whole = new Network(definition, seed);
            using var half = new Network(definition, seed, isHalf: true);
            var (expected, actual) = (Gradients(whole, definition, seed), Gradients(half, definition, seed));
            var what = JsonSerializer.Serialize(definition, OdlJson.Options);
            Assert.True(half.Weights.Equals(whole.Weights), $"Weights moved; {what}");
            Assert.True(actual.isfinite().all().item<bool>(), $"A gradient is no number; {what}");
            var cosine = (expected.dot(actual) / (expected.norm() * actual.norm()).clamp_min(1e-20)).item<float>();
            Assert.True(cosine > 0.95 || expected.norm().item<float>() < 1e-4, $"cosine {cosine}, seed {seed}; {what}");

            // What is judged and exported is whole. Running means follow from values of 16 bits, and are set aside here.
            using var guard = no_grad();
            half.Buffers.copy_(whole.Buffers);
            Assert.Equal(whole.Forward(Rows(definition, seed), Pass.Evaluation).bytes.ToArray(), half.Forward(Rows(definition, seed), Pass.Evaluation).bytes.ToArray());
        }
    }

    [Fact]
    public void A_run_of_16_bits_comes_as_far_as_one_of_32_and_keeps_no_tensor()
    {
        using var folder = new TestFolder();
        var spec = Assignments.Spec("cnn") with { Epochs = 4, LearningRate = 0.004, ValidationFraction = 0.2 };
        var whole = Loss(folder, "whole", spec);
        var before = Tensor.TotalCount;
        var half = Loss(folder, "half", spec with { Precision = "bf16" });
        Assert.Equal(before, Tensor.TotalCount);
        Assert.NotEqual(whole, half);
        Assert.InRange(half, 0.5 * whole, 1.5 * whole);
        Assert.InRange(half, 0, 0.2);
    }

    private static double Loss(TestFolder folder, string name, TrainingSpec spec)
    {
        var assignment = Assignments.Digits(folder[$"{name}-data"], spec, row => row < 1000);
        Assert.Equal(TrainingEnd.Done, TrainingJob.Run(assignment, folder[$"{name}-data"], folder[name], folder.Make($"{name}-checkpoints"), "cpu", new TrainingHooks(), TimeProvider.System));
        return JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllBytes(Path.Combine(folder[name], "metrics.json")))!["validation.loss"];
    }

    private static Tensor Gradients(Network network, NetworkDefinition definition, ulong seed)
    {
        var output = network.Forward(Rows(definition, seed), Pass.Learning(1, 0, Enumerable.Range(0, 16).Select(row => (long)row).ToArray()));
        Assert.Equal(ScalarType.Float32, output.dtype);
        output.square().mean().backward();
        network.TakeGradients();
        return network.Gradients.clone();
    }

    private static Tensor Rows(NetworkDefinition definition, ulong seed)
    {
        const int Batch = 16;
        var random = new Xoshiro(seed);
        var count = (int)definition.Input.Aggregate((long)Batch, (product, size) => product * size);
        if (definition.Vocabulary is { } vocabulary)
        {
            return tensor([.. Enumerable.Range(0, count).Select(_ => (long)random.Next((ulong)vocabulary))], [Batch, .. definition.Input]);
        }

        var (width, categories) = ((int)definition.Input[^1], definition.Categorical?.Cardinalities ?? []);
        var values = Enumerable.Range(0, count).Select(index => width - (index % width) is var left && left <= categories.Count
            ? (float)random.Next((ulong)categories[categories.Count - left])
            : (float)((random.NextDouble() * 4) - 2));
        return tensor([.. values], [Batch, .. definition.Input]);
    }
}
