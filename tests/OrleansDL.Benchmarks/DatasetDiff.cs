using OrleansDL.Benchmarks.Harness;

namespace OrleansDL.Benchmarks;

/// <summary>The difference of two versions of 1,000,000 files, 100 of which differ, over HTTP. The limit is the promise: 200 ms.</summary>
internal sealed class DatasetDiff : IBenchmark
{
    public string Name => "dataset.diff";

    public string Unit => "s";

    public double? Goal => 1;

    public bool SmallerIsBetter => true;

    public async Task<Comparison> RunAsync()
    {
        await using var million = await MillionFiles.MakeAsync();
        await million.ChangeAsync();
        return await Comparison.InterleavedAsync(rounds: 7, million.DiffAsync, () => Task.FromResult(0.2));
    }
}
