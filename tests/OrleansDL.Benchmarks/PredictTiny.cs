using System.Globalization;
using System.Text;
using OrleansDL.Benchmarks.Bare;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks;

/// <summary>Predictions a second of a tiny network over HTTP and JSON, beside a bare Kestrel endpoint that parses the same body
/// with Utf8JsonReader into a reused IoBinding of the same ONNX file.</summary>
internal sealed class PredictTiny : IBenchmark
{
    private const int Features = 10;
    private const int Connections = 32;
    private const string Project = "/v1/projects/default";
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(4);

    public string Name => "predict.tiny.json";

    public string Unit => "req/s";

    public double? Goal => 0.8;

    public async Task<Comparison> RunAsync()
    {
        using var folder = new TempFolder();
        await using var node = await OdlProcess.StartAsync(new OdlOptions { Data = folder.Path });
        using var api = node.Api();
        await DeployAsync(api);
        var model = folder["tiny.onnx"];
        await File.WriteAllBytesAsync(model, await api.Http.GetByteArrayAsync(new Uri($"{Project}/models/tiny/versions/1/files/model.onnx", UriKind.Relative)));
        await using var bare = await BareProcess.StartAsync(null, "predict", model);

        var body = $$"""{"rows":[[{{string.Join(',', Enumerable.Range(0, Features).Select(column => (column / 10.0).ToString(CultureInfo.InvariantCulture)))}}]]}""";
        var ours = new Load(node.Options.Url, $"{Project}/deployments/tiny/predict", node.Token, body);
        var limit = new Load(new Uri(bare.Ready), "/", null, body);
        return await Comparison.InterleavedAsync(
            rounds: 5, () => ours.RateAsync(Connections, Round), () => limit.RateAsync(Connections, Round));
    }

    private static async Task DeployAsync(Api api)
    {
        await api.PostAsync($"{Project}/datasets", new { name = "rows", kind = "table" });
        await api.UploadAsync($"{Project}/datasets/rows/commits?message=rows&format=csv&path=rows.csv&mode=replace", Csv());
        await api.PostAsync($"{Project}/training-runs", new
        {
            name = "tiny",
            dataset = "rows",
            network = new { family = "mlp", hidden = new[] { 16 } },
            epochs = 2,
            registerAs = "tiny",
        });
        await Eventually.TrueAsync("the model", async () =>
            (await api.TryAsync(HttpMethod.Get, $"{Project}/models/tiny/versions/1")).Status is System.Net.HttpStatusCode.OK, TimeSpan.FromMinutes(2));
        await api.PostAsync($"{Project}/deployments", new { name = "tiny", model = "tiny" });
        await Eventually.TrueAsync("the deployment", async () =>
            (await api.GetAsync($"{Project}/deployments/tiny")).GetProperty("status").GetString() == "ready");
    }

    private static string Csv()
    {
        var random = new Random(1);
        var text = new StringBuilder();
        text.AppendJoin(',', Enumerable.Range(0, Features).Select(column => $"f{column}")).Append(",label\n");
        for (var row = 0; row < 200; row++)
        {
            var values = Enumerable.Range(0, Features).Select(_ => random.NextSingle()).ToList();
            text.AppendJoin(',', values.Select(value => value.ToString("F4", CultureInfo.InvariantCulture)));
            text.Append(values.Sum() > Features / 2.0 ? ",high\n" : ",low\n");
        }

        return text.ToString();
    }
}
