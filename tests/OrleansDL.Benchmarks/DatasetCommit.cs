using OrleansDL.Benchmarks.Harness;

namespace OrleansDL.Benchmarks;

/// <summary>A commit of 100 changed files to a dataset of 1,000,000, over HTTP. The limit is the promise: one second.</summary>
internal sealed class DatasetCommit : IBenchmark
{
    public string Name => "dataset.commit";

    public string Unit => "s";

    public double? Goal => 1;

    public bool SmallerIsBetter => true;

    public async Task<Comparison> RunAsync()
    {
        await using var million = await MillionFiles.MakeAsync();
        return await Comparison.InterleavedAsync(rounds: 7, million.ChangeAsync, () => Task.FromResult(1.0));
    }
}
