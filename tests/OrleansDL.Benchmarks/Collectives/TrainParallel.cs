using System.Globalization;
using OrleansDL.Benchmarks.Bare;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks.Collectives;

/// <summary>Rows trained per second and worker by two workers of one thread each, beside one worker of one thread at the same batch. The machine needs two free cores.</summary>
internal sealed class TrainParallel : IBenchmark
{
    public string Name => "train.parallel";

    public string Unit => "rows/s";

    public double? Goal => 0.85;

    public Task<Comparison> RunAsync() => Comparison.InterleavedAsync(rounds: 5, () => RateAsync(2), () => RateAsync(1));

    private static async Task<double> RateAsync(int workers)
    {
        using var folder = new TempFolder();
        var environment = new Dictionary<string, string> { ["OMP_NUM_THREADS"] = "1", ["OMP_WAIT_POLICY"] = "passive" };
        var processes = await Task.WhenAll(Enumerable.Range(0, workers).Select(rank =>
            BareProcess.StartAsync(environment, "parallel", folder.Path, $"{rank}", $"{workers}")));
        var rate = double.Parse(processes[0].Ready, CultureInfo.InvariantCulture) / workers;
        foreach (var process in processes)
        {
            await process.DisposeAsync();
        }

        return rate;
    }
}
