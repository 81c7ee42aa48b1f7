using System.Globalization;
using System.Text;
using System.Text.Json;
using OrleansDL.Benchmarks.Bare;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks;

/// <summary>Trained samples a second of a run (with its metrics, log and checkpoints), beside the same loop in bare TorchSharp.</summary>
/// <remarks>Both count the same steps of the same network on as many rows, after a second of warming up; starting the processes,
/// fitting the pipeline and judging are not part of it.</remarks>
internal sealed class TrainSamples : IBenchmark
{
    public const int Rows = 8192;
    public const int Features = 64;
    public const int Labels = 10;
    public const int BatchSize = 64;
    public const int Epochs = 60;
    public static readonly int[] Hidden = [128, 64];

    private const string Project = "/v1/projects/default";

    private int _runs;

    public string Name => "train.samples";

    public string Unit => "samples/s";

    public double? Goal => 0.95;

    public async Task<Comparison> RunAsync()
    {
        using var folder = new TempFolder();
        await using var node = await OdlProcess.StartAsync(new OdlOptions { Data = folder.Path, Slots = 1 });
        using var api = node.Api();
        await api.PostAsync($"{Project}/datasets", new { name = "rows", kind = "table" });
        await api.UploadAsync($"{Project}/datasets/rows/commits?message=rows&format=csv&path=rows.csv&mode=replace", Csv());
        return await Comparison.InterleavedAsync(rounds: 3, () => OursAsync(api), LimitAsync);
    }

    private async Task<double> OursAsync(Api api)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"run-{++_runs}");
        await api.PostAsync($"{Project}/training-runs", new
        {
            name,
            dataset = "rows",
            network = new { family = "mlp", hidden = Hidden, dropout = 0.0 },
            validationFraction = 0.0,
            epochs = Epochs,
            batchSize = BatchSize,
            optimizer = "adam",
        });
        await Eventually.TrueAsync("the run to complete", async () =>
        {
            var run = await api.GetAsync($"{Project}/training-runs/{name}");
            return run.GetProperty("status").GetString() switch
            {
                "completed" => true,
                "failed" => throw new InvalidOperationException(run.ToString()),
                _ => false,
            };
        }, TimeSpan.FromMinutes(5));

        // The run's own clock of its own steps: when which loss was reported.
        var points = (await api.GetAsync($"{Project}/training-runs/{name}/metrics?name=train.loss&pageSize=1000")).GetProperty("items").EnumerateArray()
            .Select(point => (Step: point.GetProperty("step").GetInt64(), Time: point.GetProperty("time").GetDateTimeOffset()))
            .ToList();
        var first = points.First(point => point.Time >= points[0].Time.AddSeconds(1));
        var last = points[^1];
        return (last.Step - first.Step) * BatchSize / (last.Time - first.Time).TotalSeconds;
    }

    private static async Task<double> LimitAsync()
    {
        // What the platform sets for its runners, since OMP reads it when the process starts.
        var environment = new Dictionary<string, string> { ["OMP_NUM_THREADS"] = "1", ["OMP_WAIT_POLICY"] = "passive" };
        await using var bare = await BareProcess.StartAsync(environment, "train");
        return JsonSerializer.Deserialize<double>(bare.Ready);
    }

    private static string Csv()
    {
        var random = new Random(1);
        var text = new StringBuilder();
        text.AppendJoin(',', Enumerable.Range(0, Features).Select(column => $"f{column}")).Append(",label\n");
        for (var row = 0; row < Rows; row++)
        {
            for (var column = 0; column < Features; column++)
            {
                text.Append(CultureInfo.InvariantCulture, $"{random.NextSingle():F4},");
            }

            text.Append(CultureInfo.InvariantCulture, $"c{random.Next(Labels)}\n");
        }

        return text.ToString();
    }
}
