using OrleansDL.Benchmarks.Bare;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks.Serving;

/// <summary>Inferences a second of a tiny network over gRPC, beside a bare Kestrel gRPC service that runs a reused IoBinding of the same ONNX file.</summary>
internal sealed class PredictTinyRpc : IBenchmark
{
    private const int Connections = 32;
    private const int Columns = 10;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(4);

    public string Name => "predict.tiny.grpc";

    public string Unit => "req/s";

    public double? Goal => 0.9;

    public async Task<Comparison> RunAsync()
    {
        using var folder = new TempFolder();
        var model = OnnxFiles.Perceptron(Columns, [16], 2);
        await File.WriteAllBytesAsync(folder["model.onnx"], model);
        await using var served = await ServedModels.StartAsync(new Dictionary<string, byte[]> { ["m"] = model });
        await using var bare = await await Cores.OnAsync(Cores.Server, () => BareProcess.StartAsync(null, "rpc", folder["model.onnx"]));
        Cores.TakeCallers();

        float[] values = [.. Enumerable.Range(0, Columns).Select(column => column / 10f)];
        var ours = Enumerable.Range(0, Connections).Select(_ => served.Rpc("m", [1, Columns], values)).ToList();
        var limit = Enumerable.Range(0, Connections).Select(_ => new RpcCaller(new Uri(bare.Ready), null, InferBody.Rpc("m", [1, Columns], values))).ToList();
        try
        {
            await Calls.WarmAsync(ours[0]);
            return await Comparison.InterleavedAsync(rounds: 5, () => Calls.RateAsync(ours, Round), () => Calls.RateAsync(limit, Round), warming: 4,
                () => AtRest.OfAsync(served.Node.Pid));
        }
        finally
        {
            ours.ForEach(caller => caller.Dispose());
            limit.ForEach(caller => caller.Dispose());
        }
    }
}
