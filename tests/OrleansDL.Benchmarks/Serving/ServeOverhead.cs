using OrleansDL.Benchmarks.Harness;

namespace OrleansDL.Benchmarks.Serving;

/// <summary>
/// What the server adds to a model of 16 elements, from a request's first byte to its answer's last: the median call, less that of an echo of the same bytes
/// (wire and wake-ups), less the model's run.
/// </summary>
/// <param name="form"><c>json</c>, <c>binary</c> or <c>grpc</c>.</param>
internal sealed class ServeOverhead(string form) : IBenchmark
{
    private const int Columns = 16;
    private const double Wanted = 60;
    private const int Rounds = 5;
    private const int Warming = 10;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);

    public string Name => $"serve.overhead.{form}";

    public string Unit => "us";

    public double? Goal => 1;

    public bool SmallerIsBetter => true;

    public async Task<Comparison> RunAsync()
    {
        var model = OnnxFiles.Offset(Columns);
        await using var served = await ServedModels.StartAsync(new Dictionary<string, byte[]> { ["m"] = model });
        float[] values = [.. Enumerable.Range(0, Columns).Select(column => column / 10f)];
        using ICaller caller = form switch
        {
            "json" => served.Http("m", InferBody.Json("1,16", values)),
            "binary" => served.Http("m", InferBody.Binary("1,16", values)),
            _ => served.Rpc("m", [1, Columns], values),
        };
        await Calls.WarmAsync(caller);
        var run = await Cores.OnAsync(Cores.Server, () => OnnxFiles.Seconds(model, [Columns], 10_000));
        using var echo = new Echo(caller.RequestBytes, caller.AnswerBytes);
        var measured = await Comparison.InterleavedAsync(
            Rounds, () => Task.FromResult(Calls.MedianSeconds(caller, Round)), () => Task.FromResult(Calls.MedianSeconds(echo, Round)), warming: Warming,
            () => AtRest.OfAsync(served.Node.Pid));
        Console.WriteLine($"{Name}: call {measured.Ours * 1e6:0.0} us, echo {measured.Limit * 1e6:0.0} us, run {run * 1e6:0.0} us");
        return new Comparison((measured.Ours - measured.Limit - run) * 1e6, Wanted);
    }
}
