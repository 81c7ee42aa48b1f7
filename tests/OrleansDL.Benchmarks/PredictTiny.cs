using System.Globalization;
using OrleansDL.Benchmarks.Bare;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks;

/// <summary>Predictions a second of a tiny network over HTTP and JSON, beside a bare Kestrel endpoint that parses the same body
/// with Utf8JsonReader into a reused IoBinding of the same ONNX file.</summary>
internal sealed class PredictTiny : IBenchmark
{
    private const int Connections = 32;
    private const string Project = "/v1/projects/default";
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(4);

    public string Name => "predict.tiny.json";

    public string Unit => "req/s";

    public double? Goal => 0.9;

    public async Task<Comparison> RunAsync()
    {
        using var folder = new TempFolder();
        await using var node = await OdlProcess.StartAsync(new OdlOptions { Data = folder.Path });
        using var api = node.Api();
        await TableModel.TrainAsync(api, "tiny", 16);
        await TableModel.DeployAsync(api, "tiny", "tiny", batching: null);
        var model = folder["tiny.onnx"];
        await File.WriteAllBytesAsync(model, await api.Http.GetByteArrayAsync(new Uri($"{Project}/models/tiny/versions/1/files/model.onnx", UriKind.Relative)));
        await using var bare = await BareProcess.StartAsync(null, "predict", model);

        var body = $$"""{"rows":[[{{string.Join(',', Enumerable.Range(0, TableModel.Features).Select(column => (column / 10.0).ToString(CultureInfo.InvariantCulture)))}}]]}""";
        var ours = new Load(node.Options.Url, $"{Project}/deployments/tiny/predict", node.Token, body);
        var limit = new Load(new Uri(bare.Ready), "/", null, body);
        return await Comparison.InterleavedAsync(
            rounds: 5, () => ours.RateAsync(Connections, Round), () => limit.RateAsync(Connections, Round), warming: 4, () => AtRest.OfAsync(node.Pid));
    }
}
