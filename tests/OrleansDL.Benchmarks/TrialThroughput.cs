using System.Diagnostics;
using System.Globalization;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks;

/// <summary>200 runs of about a second on two slots: the share of the slots' time that is spent in training proper. The limit is all of it.</summary>
internal sealed class TrialThroughput : IBenchmark
{
    private const int Runs = 200;
    private const int Slots = 2;
    private const int Rows = 3000;
    private const int First = 10;
    private const int Rounds = 12;
    private const int Settled = 2;
    private const int Probes = 20;
    private const double Tolerance = 0.05;

    public string Name => "trial.throughput";

    public string Unit => "share";

    public double? Goal => 0.8;

    public async Task<Comparison> RunAsync()
    {
        using var folder = new TempFolder();
        await using var node = await OdlProcess.StartAsync(new OdlOptions { Data = folder.Path, Slots = Slots });
        using var api = node.Api();
        await TableModel.AddRowsAsync(api, Rows);

        // How many epochs are a second on this machine, with both slots at work and the runtime done with compiling.
        var epochs = First;
        for (int round = 0, settled = 0; round < Rounds && settled < Settled; round++)
        {
            var mean = await TrainAsync(api, Probes, epochs) / Probes;
            settled = Math.Abs(mean - 1) <= Tolerance ? settled + 1 : 0;
            epochs = Math.Max(1, (int)Math.Round(epochs / mean));
        }

        var watch = Stopwatch.StartNew();
        var trained = await TrainAsync(api, Runs, epochs);
        await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{Name}: {epochs} epochs, {trained / Runs:0.000} s of training a run"));
        return new Comparison(trained / (Slots * watch.Elapsed.TotalSeconds), 1);
    }

    /// <summary>Queues the runs at once; returns the seconds that all of them trained.</summary>
    private static async Task<double> TrainAsync(Api api, int count, int epochs)
    {
        var runs = new List<string>();
        for (var run = 0; run < count; run++)
        {
            runs.Add(await Trials.CreateAsync(api, epochs));
        }

        var trained = 0.0;
        foreach (var run in runs)
        {
            trained += Trials.Seconds(await Trials.EndedAsync(api, run));
        }

        return trained;
    }
}
