using System.Diagnostics;
using System.Text;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks.Serving;

/// <summary>Seconds from the SIGKILL of one of three workers until requests that come at a steady rate are answered in time again, 95 of 100 of two seconds.</summary>
internal sealed class ServeKill : IBenchmark
{
    private const int Connections = 8;
    private const int Columns = 16;
    private const int Rate = 160;
    private const double Full = 0.95;
    private const double Limit = 6;
    private static readonly string[] Workers = ["one", "two", "three"];
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(24);
    private static readonly TimeSpan InTime = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    public string Name => "serve.kill";

    public string Unit => "s";

    public double? Goal => 1;

    public bool SmallerIsBetter => true;

    public async Task<Comparison> RunAsync()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder["models/m/1"]);
        await File.WriteAllBytesAsync(folder["models/m/1/model.onnx"], OnnxFiles.Work([Columns], milliseconds: 4));
        await using var postgres = await PostgresProcess.StartAsync();
        var database = await postgres.CreateDatabaseAsync();
        await using var server = await OdlProcess.StartAsync(new OdlOptions
        {
            Command = "server",
            Data = folder["server"],
            Database = database,
            Blobs = folder["blobs"],
            Settings = new Dictionary<string, string> { ["Serving__Repository__Directory"] = folder["models"], ["Serving__Repository__ControlMode"] = "explicit" },
        });
        List<OdlProcess> workers = [];
        try
        {
            foreach (var worker in Workers)
            {
                workers.Add(await OdlProcess.StartAsync(new OdlOptions { Command = "worker", Data = folder[worker], Database = database, Blobs = folder["blobs"], WorkerName = worker, Slots = 1 }));
            }

            return await MeasureAsync(server, workers);
        }
        finally
        {
            foreach (var worker in workers)
            {
                await worker.DisposeAsync();
            }
        }
    }

    private async Task<Comparison> MeasureAsync(OdlProcess server, List<OdlProcess> workers)
    {
        using var api = server.Api();
        await Eventually.TrueAsync("the workers", async () => (await api.GetAsync("/v1/workers")).ToString() is var known && Workers.All(worker => known.Contains($"\"{worker}\"", StringComparison.Ordinal)));
        await api.PostAsync("/v2/repository/models/m/load");
        await api.PostAsync("/v1/projects/default/deployments", new { name = "killed", model = "m@1", replicas = Workers.Length, trusted = true });
        await Eventually.TrueAsync("the deployment on every worker", async () =>
            (await api.GetAsync("/v1/projects/default/deployments/killed")) is var now && now.GetProperty("status").GetString() == "ready" && now.GetProperty("workers").GetArrayLength() == Workers.Length);

        var body = InferBody.Json("1,16", new float[Columns]);
        using (var first = new HttpCaller(server.Options.Url, "/v2/models/killed/infer", server.Token, body))
        {
            await Calls.WarmAsync(first);
        }

        var watch = Stopwatch.StartNew();
        var (flying, failed, killed) = (0, 0, TimeSpan.Zero);
        var load = Enumerable.Range(0, Connections).Select(connection => Task.Factory.StartNew(Ask, connection, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToList();
        await Task.Delay(Before);
        killed = watch.Elapsed;
        var inFlight = Volatile.Read(ref flying);
        Signals.Kill(workers[1].Pid);
        var answers = (await Task.WhenAll(load)).SelectMany(one => one).ToList();

        // By when requests were due: what is answered late in a burst is not the rate it was to have.
        var back = killed;
        while (back + Window < Time && answers.Count(answer => answer.Due >= back && answer.Due < back + Window && answer.At - answer.Due < InTime) < Full * Rate * Window.TotalSeconds)
        {
            back += Step;
        }

        string Percents(TimeSpan from, TimeSpan to) => string.Join(' ', Enumerable.Range(0, (int)(to - from).TotalSeconds).Select(second =>
            100 * answers.Count(answer => answer.Due >= from + TimeSpan.FromSeconds(second) && answer.Due < from + TimeSpan.FromSeconds(second + 1) && answer.At - answer.Due < InTime) / Rate));
        Console.WriteLine($"{Name}: percent in time, second by second, before the kill {Percents(TimeSpan.Zero, killed)}, after it {Percents(killed, Time)}");
        var slowest = answers.Where(answer => answer.At >= killed).Max(answer => answer.At - answer.Due);
        Console.WriteLine($"{Name}: {answers.Count} of {answers.Count + failed} requests answered, {failed} failed; {inFlight} in flight at the kill; the slowest after it took {slowest.TotalMilliseconds:0} ms");
        return new Comparison(Math.Max((back - killed).TotalSeconds, Step.TotalSeconds), Limit);

        List<(TimeSpan Due, TimeSpan At)> Ask(object? connection)
        {
            using var caller = new HttpCaller(server.Options.Url, "/v2/models/killed/infer", server.Token, body);
            using var never = new ManualResetEventSlim(initialState: false, spinCount: 0);
            List<(TimeSpan Due, TimeSpan At)> answered = [];
            var every = TimeSpan.FromSeconds((double)Connections / Rate);
            for (var due = every * ((int)connection! / (double)Connections); due < Time; due += every)
            {
                if (due - watch.Elapsed is { Ticks: > 0 } pause)
                {
                    never.Wait(pause);
                }

                Interlocked.Increment(ref flying);
                var status = caller.Try();
                Interlocked.Decrement(ref flying);
                if (status == 200)
                {
                    answered.Add((due, watch.Elapsed));
                }
                else
                {
                    Interlocked.Increment(ref failed);
                    Console.WriteLine($"failed {watch.Elapsed - killed} after the kill: {Encoding.UTF8.GetString(caller.Answer)}");
                }
            }

            return answered;
        }
    }
}
