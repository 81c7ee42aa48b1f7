using OrleansDL.Benchmarks.Harness;

namespace OrleansDL.Benchmarks.Serving;

/// <summary>The 99th percentile of latency of a network that gains by batches, 32 callers at once: requests run together beside each for itself.</summary>
internal sealed class BatchingLate : IBenchmark
{
    private const int Connections = 32;
    private const int Columns = 10;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(4);

    public string Name => "predict.batching.p99";

    public string Unit => "s";

    public double? Goal => 1;

    public bool SmallerIsBetter => true;

    public async Task<Comparison> RunAsync()
    {
        var model = OnnxFiles.Perceptron(Columns, [4096, 4096], 2);
        await using var served = await ServedModels.StartAsync(
            new Dictionary<string, byte[]> { ["together"] = model, ["alone"] = model },
            new Dictionary<string, string> { ["together"] = "max_batch_size: 32\ndynamic_batching { }\n" });
        var body = InferBody.Json("1,10", new float[Columns]);
        List<ICaller> together = [.. Enumerable.Range(0, Connections).Select(_ => served.Http("together", body))];
        List<ICaller> alone = [.. Enumerable.Range(0, Connections).Select(_ => served.Http("alone", body))];
        try
        {
            await Calls.WarmAsync(together[0]);
            return await Comparison.InterleavedAsync(rounds: 3, () => Calls.LateAsync(together, Round), () => Calls.LateAsync(alone, Round));
        }
        finally
        {
            together.ForEach(caller => caller.Dispose());
            alone.ForEach(caller => caller.Dispose());
        }
    }
}
