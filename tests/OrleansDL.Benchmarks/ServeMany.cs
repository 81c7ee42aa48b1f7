using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Serving;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks;

/// <summary>
/// The 99th percentile of requests that meet their model unloaded, in milliseconds: many registered models of 1 MB, room for a tenth of them, and Poisson traffic
/// by Zipf's law. As cold are counted as many of the slowest requests as there were loads, so a hot one that was slow counts against us.
/// </summary>
internal sealed class ServeMany(bool full) : IBenchmark
{
    private const double Wanted = 100;
    private const double Exponent = 1;

    /// <summary>Weights of 1 MiB and what the runtime keeps beside them.</summary>
    private const double MiBEach = 1.12;

    /// <summary>Models share files: what is read is in memory all the same.</summary>
    private const int Files = 64;
    private const int Hidden = 512;
    private const int Columns = 4;
    private static readonly TimeSpan Alone = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Warm = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(60);
    private readonly int _models = full ? 10_000 : 1000;

    /// <summary>Requests a second: about a third of them load a model.</summary>
    private const int Rate = 150;

    public string Name => full ? "serve.many" : "serve.many.1000";

    public string Unit => "ms";

    public double? Goal => 1;

    public bool SmallerIsBetter => true;

    public async Task<Comparison> RunAsync()
    {
        using var folder = new TempFolder();
        using var repository = new TempFolder();
        Write(repository.Path);
        var options = new OdlOptions
        {
            Data = folder.Path,
            Settings = new Dictionary<string, string>
            {
                ["Serving__ModelMemoryMiB"] = ((int)(_models / 10 * MiBEach)).ToString(CultureInfo.InvariantCulture),
                ["Serving__Repository__Directory"] = repository.Path,
                ["Serving__Repository__ControlMode"] = "Explicit",
                ["Serving__Repository__OnDemand"] = "true",
            },
        };
        await RegisterAsync(options);

        // Started anew: nothing is loaded, and what the process takes with one model and the same traffic is known.
        var started = Stopwatch.GetTimestamp();
        await using var node = await OdlProcess.StartAsync(options, TimeSpan.FromMinutes(5));
        var ready = Stopwatch.GetElapsedTime(started);
        using var api = node.Api();
        await TrafficAsync(node, Alone, models: 1, []);
        var empty = Resident(node.Pid);
        await TrafficAsync(node, Warm, _models, []);
        var before = await HostAsync(api);
        List<double> latencies = [];
        await TrafficAsync(node, Measured, _models, latencies);
        var (after, grown) = (await HostAsync(api), Resident(node.Pid) - empty);

        latencies.Sort();
        var loads = (int)(after.Loads - before.Loads);
        var cold = latencies[^Math.Max(1, Math.Min(loads, latencies.Count))..];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{_models} models, ready in {ready.TotalSeconds:F1} s; {latencies.Count} requests, {after.Loaded} loaded, hit ratio {1 - ((double)loads / latencies.Count):F3} (best possible {BestHits(after.Loaded):F3}), {after.Evictions - before.Evictions} evictions"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"cold p50 {At(cold, 0.5):F1} ms, p99 {At(cold, 0.99):F1} ms; all p50 {At(latencies, 0.5):F1} ms, p99 {At(latencies, 0.99):F1} ms"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"memory: counted {after.UsedBytes >> 20} MiB of {after.LimitBytes >> 20} ({(double)after.UsedBytes / after.LimitBytes:F3} of the limit), the process grew by {grown >> 20} MiB ({(double)grown / after.LimitBytes:F3} of the limit)"));
        return new Comparison(At(cold, 0.99), Wanted);
    }

    private async Task RegisterAsync(OdlOptions options)
    {
        await using var node = await OdlProcess.StartAsync(options);
        using var api = node.Api();
        var began = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(Enumerable.Range(0, _models), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (model, cancel) =>
        {
            using var answer = await api.Http.PostAsync(new Uri($"/v2/repository/models/m{model}/load", UriKind.Relative), null, cancel);
            if (answer.StatusCode is not HttpStatusCode.OK)
            {
                throw new InvalidOperationException(await answer.Content.ReadAsStringAsync(cancel));
            }
        });
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"registered {_models} in {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s"));
        await node.TerminateAsync(TimeSpan.FromSeconds(30));
    }

    /// <summary>Open loop: a request begins when its time has come, whatever became of the ones before.</summary>
    private async Task TrafficAsync(OdlProcess node, TimeSpan time, int models, List<double> latencies)
    {
        using var handler = new SocketsHttpHandler { MaxConnectionsPerServer = 256 };
        using var client = new HttpClient(handler) { BaseAddress = node.Options.Url, Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", node.Token);
        var random = new Random(1);
        var sums = Sums();
        List<Task<double>> sent = [];
        var began = Stopwatch.GetTimestamp();
        var due = 0d;
        while (Stopwatch.GetElapsedTime(began) < time)
        {
            due += -Math.Log(1 - random.NextDouble()) / Rate;
            var wait = TimeSpan.FromSeconds(due) - Stopwatch.GetElapsedTime(began);
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait);
            }

            // Popular models are not those registered first.
            var rank = Math.Min(models - 1, ~Array.BinarySearch(sums, random.NextDouble() * sums[models - 1]) & int.MaxValue);
            sent.Add(AskAsync(client, (int)(rank * 7919L % _models)));
        }

        latencies.AddRange(await Task.WhenAll(sent));
    }

    private static async Task<double> AskAsync(HttpClient client, int model)
    {
        var began = Stopwatch.GetTimestamp();
        using var body = new StringContent("""{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]}""", Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(new Uri($"/v2/models/m{model}/infer", UriKind.Relative), body);
        var text = await answer.Content.ReadAsStringAsync();
        return answer.StatusCode is HttpStatusCode.OK
            ? Stopwatch.GetElapsedTime(began).TotalMilliseconds
            : throw new InvalidOperationException($"Model m{model}: {text}");
    }

    private static async Task<ModelHost> HostAsync(Api api) =>
        (await api.GetAsync("/v1/workers")).GetProperty("items")[0].GetProperty("models").Deserialize<ModelHost>(OdlJson.Options)!;

    private double[] Sums()
    {
        var sums = new double[_models];
        var sum = 0d;
        for (var rank = 0; rank < _models; rank++)
        {
            sums[rank] = sum += 1 / Math.Pow(rank + 1, Exponent);
        }

        return sums;
    }

    /// <summary>Share of the requests that go to the most popular models, if just those were loaded.</summary>
    private double BestHits(int loaded)
    {
        var sums = Sums();
        return sums[Math.Min(loaded, _models) - 1] / sums[^1];
    }

    private static double At(List<double> sorted, double share) => sorted[Math.Min(sorted.Count - 1, (int)(share * sorted.Count))];

    private static long Resident(int process) =>
        long.Parse(File.ReadAllText($"/proc/{process}/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;

    private void Write(string repository)
    {
        var files = Enumerable.Range(0, Math.Min(Files, _models)).Select(file => Path.Combine(repository, $"file{file}")).ToList();
        for (var file = 0; file < files.Count; file++)
        {
            File.WriteAllBytes(files[file], Onnx(file));
        }

        for (var model = 0; model < _models; model++)
        {
            var version = Path.Combine(repository, $"m{model}", "1");
            Directory.CreateDirectory(version);
            File.CreateSymbolicLink(Path.Combine(version, "model.onnx"), files[model % files.Count]);
        }
    }

    /// <summary><c>y = x + sum((x · w) · v)</c> in ONNX's protobuf form.</summary>
    private static byte[] Onnx(int seed)
    {
        var graph = Join(
            Node("MatMul", "h", "x", "w"), Node("MatMul", "z", "h", "v"), Node("ReduceSum", "r", "z"), Node("Add", "y", "x", "r"), Field(2, "many"u8.ToArray()),
            Weights("w", Columns, Hidden, 0), Weights("v", Hidden, Hidden, seed), End(11, "x"), End(12, "y"));
        return Join(Number(1, 8), Field(7, graph), Field(8, Number(2, 17)));
    }

    private static byte[] Node(string operation, string output, params string[] inputs) =>
        Field(1, Join([.. inputs.Select(input => Text(1, input)), Text(2, output), Text(4, operation)]));

    private static byte[] Weights(string name, int rows, int columns, float value)
    {
        var values = new float[rows * columns];
        Array.Fill(values, value);
        return Field(5, Join(Number(1, (ulong)rows), Number(1, (ulong)columns), Number(2, 1), Text(8, name), Field(9, MemoryMarshal.AsBytes<float>(values).ToArray())));
    }

    private static byte[] End(int field, string name) => Field(field, Join(
        Text(1, name), Field(2, Field(1, Join(Number(1, 1), Field(2, Join(Field(1, Text(2, "N")), Field(1, Number(1, Columns)))))))));

    private static byte[] Text(int field, string text) => Field(field, Encoding.UTF8.GetBytes(text));

    private static byte[] Number(int field, ulong number) => Join(Varint((ulong)(field << 3)), Varint(number));

    private static byte[] Field(int field, byte[] bytes) => Join(Varint((ulong)(field << 3) | 2), Varint((ulong)bytes.Length), bytes);

    private static byte[] Join(params byte[][] parts) => [.. parts.SelectMany(part => part)];

    private static byte[] Varint(ulong number)
    {
        List<byte> bytes = [];
        for (; number >= 0x80; number >>= 7)
        {
            bytes.Add((byte)(number | 0x80));
        }

        return [.. bytes, (byte)number];
    }
}
