using System.Diagnostics;
using OrleansDL.Benchmarks.Bare;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks;

/// <summary>From an empty folder to a node that answers, beside an empty web server.</summary>
internal sealed class StartReady : IBenchmark
{
    public string Name => "start.ready";

    public string Unit => "s";

    public double? Goal => null;

    public bool SmallerIsBetter => true;

    public Task<Comparison> RunAsync() => Comparison.InterleavedAsync(
        rounds: 5,
        async () =>
        {
            using var folder = new TempFolder();
            var watch = Stopwatch.StartNew();
            await using var node = await OdlProcess.StartAsync(new OdlOptions { Data = folder.Path });
            return watch.Elapsed.TotalSeconds;
        },
        async () =>
        {
            var watch = Stopwatch.StartNew();
            await using var bare = await BareProcess.StartAsync(null, "host");
            return watch.Elapsed.TotalSeconds;
        });
}
