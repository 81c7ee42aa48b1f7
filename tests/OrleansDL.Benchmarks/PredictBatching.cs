using System.Globalization;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks;

/// <summary>Inferences a second of a network that gains by batches, 32 callers at once: requests run together beside each for itself.</summary>
internal sealed class PredictBatching : IBenchmark
{
    private const int Connections = 32;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(4);

    public string Name => "predict.batching";

    public string Unit => "req/s";

    public double? Goal => 3;

    public async Task<Comparison> RunAsync()
    {
        using var folder = new TempFolder();
        await using var node = await OdlProcess.StartAsync(new OdlOptions { Data = folder.Path });
        using var api = node.Api();
        await TableModel.TrainAsync(api, "wide", 4096, 4096);
        await TableModel.DeployAsync(api, "alone", "wide", batching: null);
        await TableModel.DeployAsync(api, "together", "wide", new { maximumBatchSize = 32 });

        var data = string.Join(',', Enumerable.Range(0, TableModel.Features).Select(column => (column / 10.0).ToString(CultureInfo.InvariantCulture)));
        var body = $$"""{"inputs":[{"name":"input","shape":[1,{{TableModel.Features}}],"datatype":"FP32","data":[{{data}}]}]}""";
        var together = new Load(node.Options.Url, "/v2/models/together/infer", node.Token, body);
        var alone = new Load(node.Options.Url, "/v2/models/alone/infer", node.Token, body);
        return await Comparison.InterleavedAsync(
            rounds: 3, () => together.RateAsync(Connections, Round), () => alone.RateAsync(Connections, Round));
    }
}
