using System.Globalization;
using OrleansDL.Benchmarks.Harness;

namespace OrleansDL.Benchmarks.Serving;

/// <summary>Inferences a second of a model that computes a while, beside ONNX Runtime running it on the same core with nobody to serve.</summary>
internal sealed class ServeEfficiency(int milliseconds, double goal) : IBenchmark
{
    private const int Connections = 2;
    private const int Columns = 16;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(3);

    public string Name => string.Create(CultureInfo.InvariantCulture, $"serve.efficiency.{milliseconds}ms");

    public string Unit => "req/s";

    public double? Goal => goal;

    public async Task<Comparison> RunAsync()
    {
        var model = await Cores.OnAsync(Cores.Server, () => OnnxFiles.Work([Columns], milliseconds));
        await using var served = await ServedModels.StartAsync(new Dictionary<string, byte[]> { ["m"] = model });
        var body = InferBody.Json("1,16", new float[Columns]);
        var callers = Enumerable.Range(0, Connections).Select(_ => served.Http("m", body)).ToList();
        try
        {
            await Calls.WarmAsync(callers[0]);
            return await Comparison.InterleavedAsync(
                rounds: 5,
                () => Calls.RateAsync(callers, Round),
                () => Cores.OnAsync(Cores.Server, () => 1 / OnnxFiles.MeanSeconds(model, [Columns], Round)));
        }
        finally
        {
            callers.ForEach(caller => caller.Dispose());
        }
    }
}
