using System.Diagnostics;
using System.Runtime.InteropServices;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Inference;
using OrleansDL.Serving;
using OrleansDL.Tests.Harness;
using OrleansDL.Tests.Serving;

namespace OrleansDL.Benchmarks.Serving;

/// <summary>Microseconds of a request to a model in a process of its own, one after the other, beside the same model in the worker's. The model only
/// adds a number, so that what is measured is the way there and back.</summary>
/// <param name="name">Of the size.</param>
/// <param name="numbers">Floats of the request, and of its answer.</param>
/// <param name="isBoxed">Whether in a sandbox.</param>
internal sealed class ServeIsolated(string name, int numbers, bool isBoxed) : IBenchmark
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(2);

    public string Name => $"serve.isolated.{name}";

    public string Unit => "us";

    public double? Goal => null;

    public bool SmallerIsBetter => true;

    public async Task<Comparison> RunAsync()
    {
        using var folder = new TempFolder();
        var file = folder["model.onnx"];
        await File.WriteAllBytesAsync(file, OffsetModel.Write(1, isWide: true));
        using var inside = ModelSession.Load(file, "offset");
        await using var host = new IsolatedHost(isBoxed);
        using var outside = await host.LoadAsync("offset", await File.ReadAllBytesAsync(file));
        var request = new InferRequest
        {
            Inputs = [new Tensor { Name = "x", Type = TensorElementType.Fp32, Shape = [1, numbers], Data = MemoryMarshal.AsBytes<float>(new float[numbers]).ToArray() }],
        };
        return await Comparison.InterleavedAsync(rounds: 5, () => TimeAsync(outside, request), () => TimeAsync(inside, request));
    }

    private static async Task<double> TimeAsync(ITensorModel model, InferRequest request)
    {
        var (watch, requests) = (Stopwatch.StartNew(), 0);
        while (watch.Elapsed < Round)
        {
            await model.InferAsync(request, CancellationToken.None);
            requests++;
        }

        return watch.Elapsed.TotalMicroseconds / requests;
    }
}
