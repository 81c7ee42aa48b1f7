using System.Diagnostics;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Native;
using OrleansDL.Networks;
using static TorchSharp.torch;

namespace OrleansDL.Benchmarks;

/// <summary>Values a second through dropout keyed by sample, beside libtorch's own, forward and backward, on one thread.</summary>
internal sealed class Dropout : IBenchmark
{
    private const int Samples = 64;
    private const int Values = 8192;
    private const int Calls = 200;

    public string Name => "train.dropout";

    public string Unit => "values/s";

    public double? Goal => 1;

    public Task<Comparison> RunAsync()
    {
        TorchLibrary.Load();
        set_num_threads(1);
        var samples = Enumerable.Range(0, Samples).Select(sample => (long)sample).ToArray();
        return Comparison.InterleavedAsync(
            rounds: 5,
            () => Task.FromResult(Measure(value => Pass.Learning(1, 0, samples).Drop(value, 0.1))),
            () => Task.FromResult(Measure(value => nn.functional.dropout(value, 0.1, training: true))));
    }

    private static double Measure(Func<Tensor, Tensor> drop)
    {
        using var input = ones([Samples, Values], requires_grad: true);
        var watch = Stopwatch.StartNew();
        for (var call = 0; call < Calls; call++)
        {
            using var scope = NewDisposeScope();
            drop(input).sum().backward();
            input.grad!.zero_();
        }

        return (double)Samples * Values * Calls / watch.Elapsed.TotalSeconds;
    }
}
