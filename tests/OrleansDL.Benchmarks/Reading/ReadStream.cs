using System.Diagnostics;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Native;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks.Reading;

/// <summary>Shuffled samples a second out of memory-mapped shards, encoded by one thread into batches, beside a bare loop over the shards in order.</summary>
internal sealed class ReadStream : IBenchmark
{
    private const int Passes = 10;

    public string Name => "read.stream";

    public string Unit => "samples/s";

    public double? Goal => 0.8;

    public async Task<Comparison> RunAsync()
    {
        TorchLibrary.Load();
        using var folder = new TempFolder();
        var fashion = new Fashion(folder.Path);
        using var data = fashion.Open(threads: 1);
        var shards = fashion.Files.Select(File.ReadAllBytes).ToList();
        return await Comparison.InterleavedAsync(rounds: 5, () => Rate(() => Fashion.ReadAll(data, threads: 1, Passes)), () => Rate(() => Fashion.BareLoop(shards, Passes)));
    }

    private static Task<double> Rate(Func<long> read)
    {
        var watch = Stopwatch.StartNew();
        return Task.FromResult(read() / watch.Elapsed.TotalSeconds);
    }
}
