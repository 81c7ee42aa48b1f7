using System.Globalization;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks;

/// <summary>Requests a second of an ensemble of two networks side by side, beside callers who ask both one after the other.</summary>
internal sealed class ServeEnsemble : IBenchmark
{
    private const int Connections = 8;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(4);

    public string Name => "serve.ensemble";

    public string Unit => "req/s";

    public double? Goal => 1;

    public async Task<Comparison> RunAsync()
    {
        using var folder = new TempFolder();
        await using var node = await OdlProcess.StartAsync(new OdlOptions { Data = folder.Path });
        using var api = node.Api();
        await TableModel.TrainAsync(api, "tiny", 32);
        await TableModel.DeployAsync(api, "step", "tiny", batching: null);
        await api.PostAsync("/v1/projects/default/deployments", new
        {
            name = "both",
            ensemble = new
            {
                inputs = new[] { new { name = "input" } },
                outputs = new[] { new { name = "one" }, new { name = "other" } },
                steps = new[]
                {
                    new { name = "first", deployment = "step", inputs = new { input = "input" }, outputs = new Dictionary<string, string> { ["probabilities"] = "one" } },
                    new { name = "second", deployment = "step", inputs = new { input = "input" }, outputs = new Dictionary<string, string> { ["probabilities"] = "other" } },
                },
            },
        });
        await Eventually.TrueAsync("the ensemble", async () => (await api.GetAsync("/v1/projects/default/deployments/both")).GetProperty("status").GetString() == "ready");

        var data = string.Join(',', Enumerable.Range(0, TableModel.Features).Select(column => (column / 10.0).ToString(CultureInfo.InvariantCulture)));
        var body = $$"""{"inputs":[{"name":"input","shape":[1,{{TableModel.Features}}],"datatype":"FP32","data":[{{data}}]}]}""";
        var both = new Load(node.Options.Url, "/v2/models/both/infer", node.Token, body);
        var one = new Load(node.Options.Url, "/v2/models/step/infer", node.Token, body);
        return await Comparison.InterleavedAsync(
            rounds: 3, () => both.RateAsync(Connections, Round), async () => await one.RateAsync(Connections, Round) / 2);
    }
}
