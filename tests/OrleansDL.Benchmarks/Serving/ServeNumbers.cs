using System.Diagnostics;
using OrleansDL.Benchmarks.Harness;

namespace OrleansDL.Benchmarks.Serving;

/// <summary>Processor time of the server for a request of 27,648 numbers of nine digits (a tensor of 110 KB) as JSON, beside the same as bytes; the model runs a millisecond.</summary>
internal sealed class ServeNumbers : IBenchmark
{
    private const int Numbers = 3 * 48 * 192;
    private const int Requests = 400;
    private const string Shape = "1,3,48,192";
    private static readonly long[] Row = [3, 48, 192];

    public string Name => "serve.numbers";

    public string Unit => "ms";

    public double? Goal => 1 / 1.5;

    public bool SmallerIsBetter => true;

    public async Task<Comparison> RunAsync()
    {
        var model = await Cores.OnAsync(Cores.Server, () => OnnxFiles.Work(Row, milliseconds: 1));
        await using var served = await ServedModels.StartAsync(new Dictionary<string, byte[]> { ["m"] = model });
        var random = new Random(1);
        float[] values = [.. Enumerable.Range(0, Numbers).Select(_ => random.NextSingle())];
        using var json = served.Http("m", InferBody.Json(Shape, values, "F9"));
        using var binary = served.Http("m", InferBody.Binary(Shape, values));
        await Calls.WarmAsync(json);
        await Calls.WarmAsync(binary);
        using var node = Process.GetProcessById(served.Node.Pid);
        Task<double> Cost(ICaller caller)
        {
            node.Refresh();
            var before = node.TotalProcessorTime;
            for (var request = 0; request < Requests; request++)
            {
                caller.Ask();
            }

            node.Refresh();
            return Task.FromResult((node.TotalProcessorTime - before).TotalMilliseconds / Requests);
        }

        return await Comparison.InterleavedAsync(rounds: 5, () => Cost(json), () => Cost(binary), warming: 4, () => AtRest.OfAsync(served.Node.Pid));
    }
}
