using System.Globalization;
using OrleansDL.Benchmarks.Bare;
using OrleansDL.Benchmarks.Harness;

namespace OrleansDL.Benchmarks.Training;

/// <summary>
/// Rows trained per second of processor time by the engine (batches, keyed dropout, metrics, checkpoints as in a run), beside the same network
/// and optimizer in bare TorchSharp. Each is a process of one thread that trains until it has used up its time; processor time, since others
/// of the machine then have little part in it.
/// </summary>
internal sealed class TrainFamily(string family) : IBenchmark
{
    public string Name => $"train.{family}";

    public string Unit => "rows/s";

    public double? Goal => 0.97;

    public Task<Comparison> RunAsync() => Comparison.InterleavedAsync(rounds: 5, () => RateAsync("engine"), () => RateAsync("loop"));

    private Task<double> RateAsync(string how) => RateAsync(how, family);

    public static async Task<double> RateAsync(string how, string family)
    {
        var environment = new Dictionary<string, string> { ["OMP_NUM_THREADS"] = "1", ["OMP_WAIT_POLICY"] = "passive" };
        await using var process = await BareProcess.StartAsync(environment, how, family);
        return double.Parse(process.Ready, CultureInfo.InvariantCulture);
    }
}
