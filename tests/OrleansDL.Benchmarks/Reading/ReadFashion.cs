using System.Globalization;
using System.Text.Json;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Tests.Harness;
using OrleansDL.Training;

namespace OrleansDL.Benchmarks.Reading;

/// <summary>Samples a second of a small CNN trained on Fashion-MNIST, its rows streamed from shards, beside the same training on rows kept in memory.</summary>
/// <remarks>The share of its time that the trainer waited for data is printed: less than 2% is wanted.</remarks>
internal sealed class ReadFashion : IBenchmark
{
    private int _runs;

    public string Name => "read.fashion";

    public string Unit => "samples/s";

    public double? Goal => 0.9;

    public async Task<Comparison> RunAsync()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder["shards"]);
        var fashion = new Fashion(folder["shards"]);
        return await Comparison.InterleavedAsync(rounds: 3, () => Train(fashion, folder, memory: 0), () => Train(fashion, folder, memory: 1L << 30));
    }

    private Task<double> Train(Fashion fashion, TempFolder folder, long memory)
    {
        var spec = new TrainingSpec
        {
            Dataset = "fashion",
            Network = new NetworkSpec { Family = "cnn", Channels = [8, 16], Hidden = [32] },
            ValidationFraction = 0,
            BatchSize = 64,
            Epochs = 1,
            Reader = new ReaderSpec { MemoryBytes = memory, Threads = 1 },
        };
        var output = folder[string.Create(CultureInfo.InvariantCulture, $"run-{++_runs}")];
        Directory.CreateDirectory(output);
        TrainingJob.Run(fashion.Assignment(spec), folder["shards"], output, output, "cpu", new TrainingHooks(), TimeProvider.System);
        var metrics = JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllBytes(Path.Combine(output, "metrics.json")))!;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"  {(memory == 0 ? "streamed" : "kept")}: trained {metrics["train.seconds"]:0.0} s, waited for data {metrics["train.data.waitShare"]:P2}"));
        return Task.FromResult(metrics["train.samples"] / metrics["train.seconds"]);
    }
}
