using System.Diagnostics;
using OrleansDL.Benchmarks.Harness;

namespace OrleansDL.Benchmarks.Serving;

/// <summary>
/// Requests answered in time when three times as many come as the server can answer, at times of their own (open loop, Poisson), beside the most it answers:
/// what cannot be answered is refused early and costs little.
/// </summary>
internal sealed class ServeGoodput : IBenchmark
{
    private const int Connections = 192;
    private const int Columns = 16;
    private const double Overload = 3;
    private const double Milliseconds = 3;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan InTime = TimeSpan.FromMilliseconds(100);

    public string Name => "serve.goodput";

    public string Unit => "req/s";

    public double? Goal => 0.9;

    public async Task<Comparison> RunAsync()
    {
        var model = await Cores.OnAsync(Cores.Server, () => OnnxFiles.Work([Columns], Milliseconds));
        await using var served = await ServedModels.StartAsync(
            new Dictionary<string, byte[]> { ["m"] = model },
            new Dictionary<string, string> { ["m"] = "max_batch_size: 1\ndynamic_batching { default_queue_policy { max_queue_size: 8 } }\n" });
        var body = InferBody.Json("1,16", new float[Columns]);
        List<HttpCaller> callers = [.. Enumerable.Range(0, Connections).Select(_ => served.Http("m", body))];
        try
        {
            await Calls.WarmAsync(callers[0]);
            var most = 0d;
            return await Comparison.InterleavedAsync(
                rounds: 3,
                async () => await OpenAsync(callers, Overload * (most > 0 ? most : most = await Calls.RateAsync([.. callers[..4]], Round))),
                async () => most = await Calls.RateAsync([.. callers[..4]], Round),
                warming: 4,
                () => AtRest.OfAsync(served.Node.Pid));
        }
        finally
        {
            callers.ForEach(caller => caller.Dispose());
        }
    }

    /// <summary>Requests answered 200 within <see cref="InTime"/> of the moment they were due, a second. A caller that is behind asks at once: a late answer is not excused by a late request.</summary>
    private static async Task<double> OpenAsync(List<HttpCaller> callers, double rate)
    {
        using var never = new ManualResetEventSlim(initialState: false, spinCount: 0);
        var watch = Stopwatch.StartNew();
        var counts = await Task.WhenAll(callers.Select((caller, index) => Task.Factory.StartNew(
            () =>
            {
                var random = new Random(index);
                var (due, count) = (TimeSpan.Zero, 0L);
                while (true)
                {
                    due += TimeSpan.FromSeconds(-Math.Log(1 - random.NextDouble()) * callers.Count / rate);
                    if (due >= Round)
                    {
                        return count;
                    }

                    if (due - watch.Elapsed is { Ticks: > 0 } pause)
                    {
                        never.Wait(pause);
                    }

                    var status = caller.Try();
                    if (status is not (200 or 429 or 503))
                    {
                        throw new InvalidOperationException($"A request was answered {status}.");
                    }

                    count += status == 200 && watch.Elapsed - due <= InTime ? 1 : 0;
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        return counts.Sum() / Round.TotalSeconds;
    }
}
