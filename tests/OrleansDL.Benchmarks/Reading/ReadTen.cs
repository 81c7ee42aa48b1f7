using System.Diagnostics;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Native;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks.Reading;

/// <summary>Ten readers of the same shards at once, as ten runs of one machine, beside ten bare loops at once.</summary>
internal sealed class ReadTen : IBenchmark
{
    private const int Readers = 10;
    private const int Passes = 2;

    public string Name => "read.ten";

    public string Unit => "samples/s";

    public double? Goal => 0.8;

    public async Task<Comparison> RunAsync()
    {
        TorchLibrary.Load();
        using var folder = new TempFolder();
        var fashion = new Fashion(folder.Path);
        var data = Enumerable.Range(0, Readers).Select(_ => fashion.Open(threads: 1)).ToList();
        var shards = fashion.Files.Select(File.ReadAllBytes).ToList();
        var result = await Comparison.InterleavedAsync(
            rounds: 5, () => RateAsync(reader => Fashion.ReadAll(data[reader], threads: 1, Passes)), () => RateAsync(_ => Fashion.BareLoop(shards, Passes)));
        data.ForEach(reader => reader.Dispose());
        return result;
    }

    private static async Task<double> RateAsync(Func<int, long> read)
    {
        var watch = Stopwatch.StartNew();
        var samples = await Task.WhenAll(Enumerable.Range(0, Readers).Select(reader =>
            Task.Factory.StartNew(() => read(reader), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        return samples.Sum() / watch.Elapsed.TotalSeconds;
    }
}
