using System.Globalization;
using OrleansDL.Benchmarks.Bare;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Benchmarks.Serving;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks;

/// <summary>Predictions a second of a tiny network over HTTP and JSON, beside a bare Kestrel endpoint that parses the same body
/// with Utf8JsonReader into a reused IoBinding of the same ONNX file. Each server has one core, the caller the other.</summary>
internal sealed class PredictTiny : IBenchmark
{
    private const int Connections = 32;
    private const string Project = "/v1/projects/default";

    // A node's own jobs, which come every second or so, are compiled for the last time after a minute.
    private const int Warming = 20;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(2);

    public string Name => "predict.tiny.json";

    public string Unit => "req/s";

    public double? Goal => 0.9;

    public async Task<Comparison> RunAsync()
    {
        using var folder = new TempFolder();
        await using var node = await await Cores.OnAsync(Cores.Server, () => OdlProcess.StartAsync(new OdlOptions { Data = folder.Path }));
        using var api = node.Api();
        await TableModel.TrainAsync(api, "tiny", 16);
        await TableModel.DeployAsync(api, "tiny", "tiny", batching: null);
        var model = folder["tiny.onnx"];
        await File.WriteAllBytesAsync(model, await api.Http.GetByteArrayAsync(new Uri($"{Project}/models/tiny/versions/1/files/model.onnx", UriKind.Relative)));
        await using var bare = await await Cores.OnAsync(Cores.Server, () => BareProcess.StartAsync(null, "predict", model));
        Cores.TakeCallers();

        var body = $$"""{"rows":[[{{string.Join(',', Enumerable.Range(0, TableModel.Features).Select(column => (column / 10.0).ToString(CultureInfo.InvariantCulture)))}}]]}""";
        var ours = new Load(node.Options.Url, $"{Project}/deployments/tiny/predict", node.Token, body);
        var limit = new Load(new Uri(bare.Ready), "/", null, body);
        return await Comparison.InterleavedAsync(
            rounds: 11, () => ours.RateAsync(Connections, Round), () => limit.RateAsync(Connections, Round), warming: Warming, () => AtRest.OfAsync(node.Pid));
    }
}
