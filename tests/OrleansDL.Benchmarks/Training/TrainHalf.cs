using OrleansDL.Benchmarks.Harness;

namespace OrleansDL.Benchmarks.Training;

/// <summary>Rows trained per second of processor time with precision bf16, beside fp32: what this machine's processor makes of bfloat16.</summary>
internal sealed class TrainHalf(string family) : IBenchmark
{
    public string Name => $"train.bf16.{family}";

    public string Unit => "rows/s";

    public double? Goal => null;

    public Task<Comparison> RunAsync() => Comparison.InterleavedAsync(
        rounds: 3, () => TrainFamily.RateAsync("half", family), () => TrainFamily.RateAsync("engine", family));
}
