using System.Runtime.InteropServices;
using OrleansDL.Data;
using OrleansDL.Networks;
using OrleansDL.Training;
using static TorchSharp.torch;

namespace OrleansDL.Tests.Training;

/// <summary>Every optimizer against its formula, written out in doubles for each weight on its own.</summary>
[Collection("torch")]
public sealed class OptimizerTests
{
    private const int Steps = 25;

    [Theory]
    [InlineData("sgd", null)]
    [InlineData("sgd", 0.0)]
    [InlineData("sgd", 0.6)]
    public void Momentum_adds_up_gradients(string optimizer, double? momentum) => Check(
        new OptimizerSettings { Momentum = momentum }, optimizer, l2: true,
        (weight, gradient, memory, _, rate) =>
        {
            memory[0] = ((momentum ?? 0.9) * memory[0]) + gradient;
            return weight - (rate * memory[0]);
        });

    [Fact]
    public void Nesterov_looks_ahead_along_the_velocity() => Check(
        new OptimizerSettings { Nesterov = true }, "sgd", l2: true,
        (weight, gradient, memory, _, rate) =>
        {
            memory[0] = (0.9 * memory[0]) + gradient;
            return weight - (rate * (gradient + (0.9 * memory[0])));
        });

    [Theory]
    [InlineData("adam", null, null)]
    [InlineData("adamw", null, null)]
    [InlineData("adam", 0.7, 0.95)]
    [InlineData("adamw", 0.0, 0.9)]
    public void Adam_divides_the_mean_by_the_root_of_the_mean_square(string optimizer, double? beta1, double? beta2) => Check(
        new OptimizerSettings { Beta1 = beta1, Beta2 = beta2, Epsilon = 1e-6 }, optimizer, l2: optimizer == "adam",
        (weight, gradient, memory, step, rate) =>
        {
            var (first, second) = (beta1 ?? 0.9, beta2 ?? 0.999);
            memory[0] = (first * memory[0]) + ((1 - first) * gradient);
            memory[1] = (second * memory[1]) + ((1 - second) * gradient * gradient);
            return weight - (rate * (memory[0] / (1 - Math.Pow(first, step))) / (Math.Sqrt(memory[1] / (1 - Math.Pow(second, step))) + 1e-6));
        });

    [Theory]
    [InlineData(null, null)]
    [InlineData(0.9, 0.95)]
    public void RmsProp_divides_by_the_root_of_the_mean_square(double? momentum, double? smoothing) => Check(
        new OptimizerSettings { Momentum = momentum, Smoothing = smoothing }, "rmsprop", l2: true,
        (weight, gradient, memory, _, rate) =>
        {
            var kept = smoothing ?? 0.99;
            memory[0] = (kept * memory[0]) + ((1 - kept) * gradient * gradient);
            memory[1] = ((momentum ?? 0) * memory[1]) + (gradient / (Math.Sqrt(memory[0]) + 1e-8));
            return weight - (rate * memory[1]);
        });

    [Theory]
    [InlineData(null, null)]
    [InlineData(0.8, 0.95)]
    public void Lion_goes_by_the_sign_of_the_mean(double? beta1, double? beta2) => Check(
        new OptimizerSettings { Beta1 = beta1, Beta2 = beta2 }, "lion", l2: false,
        (weight, gradient, memory, _, rate) =>
        {
            var (first, second) = (beta1 ?? 0.9, beta2 ?? 0.99);
            var moved = weight - (rate * Math.Sign((first * memory[0]) + ((1 - first) * gradient)));
            memory[0] = (second * memory[0]) + ((1 - second) * gradient);
            return moved;
        });

    /// <param name="settings">What the optimizer is set to.</param>
    /// <param name="optimizer">Its name.</param>
    /// <param name="l2">Whether weight decay is a part of the gradient.</param>
    /// <param name="rule">Weight, gradient, two numbers of memory, step and rate to the new weight.</param>
    private static void Check(OptimizerSettings settings, string optimizer, bool l2, Func<double, double, double[], long, double, double> rule)
    {
        Check(settings, optimizer, 0, l2, rule);
        Check(settings, optimizer, 0.05, l2, rule);
        Check(settings with { DecayBiases = false }, optimizer, 0.05, l2, rule);
    }

    private static void Check(OptimizerSettings settings, string optimizer, double decay, bool l2, Func<double, double, double[], long, double, double> rule)
    {
        using var network = new Network(
            new NetworkDefinition { Network = NetworkFamilies.WithDefaults(new NetworkSpec { Family = "mlp", Hidden = [5] }), Input = [7], Classes = 3 }, 4);
        var spec = Assignments.Spec() with { Optimizer = optimizer, WeightDecay = decay, OptimizerSettings = settings };
        using var stepped = Optimizer.For(network, spec);
        using var guard = no_grad();
        var matrices = network.Parameters.Where(parameter => parameter.Shape.Length > 1).SelectMany(parameter => Enumerable.Range(parameter.Offset, parameter.Count)).ToHashSet();
        var expected = network.Weights.data<float>().Select(weight => (double)weight).ToArray();
        var memory = expected.Select(_ => new double[2]).ToArray();
        var random = new Xoshiro(8);
        for (var step = 1L; step <= Steps; step++)
        {
            using var scope = NewDisposeScope();
            var rate = 0.01 / step;
            var gradients = expected.Select(_ => (float)((random.NextDouble() * 4) - 2)).ToArray();
            gradients.CopyTo(MemoryMarshal.Cast<byte, float>(network.Gradients.bytes));
            stepped.Step(step, rate);
            for (var index = 0; index < expected.Length; index++)
            {
                var own = decay != 0 && (settings.DecayBiases is not false || matrices.Contains(index)) ? decay : 0;
                var start = l2 ? expected[index] : expected[index] * (1 - (rate * own));
                expected[index] = rule(start, gradients[index] + (l2 ? own * expected[index] : 0), memory[index], step, rate);
            }
        }

        var actual = network.Weights.data<float>().ToArray();
        for (var index = 0; index < expected.Length; index++)
        {
            Assert.Equal(expected[index], actual[index], 2e-5);
        }
    }
}
