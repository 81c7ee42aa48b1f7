using System.Diagnostics;
using System.Text;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks.Serving;

/// <summary>Right answers while a deployment changes its version every two seconds, of all requests: none fails, and none is answered by one version under the other's name.</summary>
internal sealed class ServeSwap : IBenchmark
{
    private const int Connections = 4;
    private const int Columns = 4;
    private const string Deployments = "/v1/projects/default/deployments";
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    public string Name => "serve.swap";

    public string Unit => "answers";

    public double? Goal => 1;

    public async Task<Comparison> RunAsync()
    {
        await using var served = await ServedModels.StartAsync(
            new Dictionary<string, byte[]> { ["m/1"] = OnnxFiles.Offset(Columns, 1), ["m/2"] = OnnxFiles.Offset(Columns, 2) },
            new Dictionary<string, string> { ["m"] = "version_policy { all { } }\n" });
        using var api = served.Node.Api();
        await api.PostAsync(Deployments, new { name = "swapped", model = "m@1" });
        await Eventually.TrueAsync("the deployment", async () => (await api.GetAsync($"{Deployments}/swapped")).GetProperty("status").GetString() == "ready");

        // Which of both the registry calls version 1 is its own affair; from now on it has to stay so.
        var first = Added(served);
        var watch = Stopwatch.StartNew();
        var load = Enumerable.Range(0, Connections).Select(_ => Task.Factory.StartNew(() => Ask(served, first, watch), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToList();
        for (var swap = 1; watch.Elapsed < Time - Pause; swap++)
        {
            await Task.Delay(Pause);
            await api.PutAsync($"{Deployments}/swapped", new { name = "swapped", model = swap % 2 == 1 ? "m@2" : "m@1" });
        }

        var counts = await Task.WhenAll(load);
        Console.WriteLine($"{Name}: answers of version 1: {counts.Sum(count => count.Ones)}, of version 2: {counts.Sum(count => count.Twos)}");
        return new Comparison(counts.Sum(count => count.Ones + count.Twos), counts.Sum(count => count.All));
    }

    private static HttpCaller Caller(ServedModels served) => served.Http("swapped", InferBody.Json("1,4", new float[Columns]));

    /// <summary>What the version that answers now adds to zeros.</summary>
    private static int Added(ServedModels served)
    {
        using var caller = Caller(served);
        caller.Ask();
        return Encoding.UTF8.GetString(caller.Answer).Contains("[1,1,1,1]", StringComparison.Ordinal) ? 1 : 2;
    }

    private static (long Ones, long Twos, long All) Ask(ServedModels served, int first, Stopwatch watch)
    {
        using var caller = Caller(served);
        var (ones, twos, all, shown) = (0L, 0L, 0L, 0);
        var (one, two) = first == 1 ? ("[1,1,1,1]", "[2,2,2,2]") : ("[2,2,2,2]", "[1,1,1,1]");
        for (; watch.Elapsed < Time; all++)
        {
            var status = caller.Try();
            var (head, answer) = (Encoding.UTF8.GetString(caller.Head), Encoding.UTF8.GetString(caller.Answer));
            if (status == 200 && answer.Contains(one, StringComparison.Ordinal) && head.Contains("odl-model-version: 1\r", StringComparison.OrdinalIgnoreCase))
            {
                ones++;
            }
            else if (status == 200 && answer.Contains(two, StringComparison.Ordinal) && head.Contains("odl-model-version: 2\r", StringComparison.OrdinalIgnoreCase))
            {
                twos++;
            }
            else if (shown++ < 3)
            {
                Console.WriteLine($"failed or mixed: {head}{answer}");
            }
        }

        return (ones, twos, all);
    }
}
