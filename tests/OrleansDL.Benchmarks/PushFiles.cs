using System.Diagnostics;
using System.Security.Cryptography;
using OrleansDL.Benchmarks.Bare;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Datasets;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks;

/// <summary>A folder pushed into a dataset, beside the least that can be done with the same bytes.</summary>
/// <param name="small">Many files of 40 KB, or a few large ones.</param>
/// <param name="unchanged">Whether the dataset has all of it already, or none.</param>
/// <param name="limit">What it is held against.</param>
/// <param name="full">2 GB (50,000 small files, or 16 large ones) instead of a quarter of it.</param>
internal sealed class PushFiles(bool small, bool unchanged, bool full, PushLimit limit = PushLimit.Hash) : IBenchmark
{
    private const int SmallBytes = 40_000;
    private const int LargeBytes = 125_000_000;
    private const long PackBytes = 64 << 20;

    // A node takes pushes for days. What it calls the runtime compiles again and again, in the background of the first of them and once it is left alone.
    private const int Warming = 4;
    private const int Rounds = 5;

    // As many small files as a push sends at once.
    private const int RequestFiles = (48 << 20) / SmallBytes;

    private int _pushes;

    public string Name => $"push.{(small ? "small" : "large")}.{(unchanged ? "unchanged" : "new")}{(limit is PushLimit.Hash ? "" : $".{limit.ToString().ToLowerInvariant()}")}";

    public string Unit => "MB/s";

    public double? Goal => unchanged ? 0.8 : 0.6;

    private int Files => (small ? 50_000 : 16) / (full ? 1 : 4);

    private int Size => small ? SmallBytes : LargeBytes;

    public async Task<Comparison> RunAsync()
    {
        using var data = new TempFolder();
        using var folder = new TempFolder();
        Write(folder);
        await using var node = await OdlProcess.StartAsync(new OdlOptions { Data = data.Path });
        using var client = new OdlClient(node.Options.Url, node.Token);
        await client.Datasets.CreateAsync(new DatasetSpec { Name = "pushed", Kind = DatasetKind.Files });
        if (unchanged)
        {
            await client.Datasets.PushAsync("pushed", folder.Path);
        }

        for (var push = 0; push < Warming; push++)
        {
            await OursAsync(client, folder);
        }

        await AtRest.OfAsync(node.Pid);
        if (limit is not PushLimit.Wire)
        {
            return await Comparison.InterleavedAsync(Rounds, () => OursAsync(client, folder), () => Task.FromResult(limit is PushLimit.Disk ? Disk(data) : Hash(folder)), warming: 2);
        }

        await using var bare = await BareProcess.StartAsync(null, "upload", data.Path);
        using var http = new HttpClient { BaseAddress = new Uri(bare.Ready), Timeout = TimeSpan.FromMinutes(10) };
        return await Comparison.InterleavedAsync(Rounds, () => OursAsync(client, folder), () => WireAsync(http, folder), warming: 2);
    }

    private async Task<double> OursAsync(OdlClient client, TempFolder folder)
    {
        var name = "pushed";
        if (!unchanged)
        {
            // Other bytes each time, into a dataset that is empty: the same ones again would not be sent.
            _pushes++;
            Touch(folder);
            name = $"new-{_pushes}";
            await client.Datasets.CreateAsync(new DatasetSpec { Name = name, Kind = DatasetKind.Files });
        }

        var watch = Stopwatch.StartNew();
        var result = await client.Datasets.PushAsync(name, folder.Path);
        var rate = Rate(watch);
        if (result.Changed != (unchanged ? 0 : Files) || result.Version!.Files != Files)
        {
            throw new InvalidOperationException($"The push did not do what is measured: {result}");
        }

        return rate;
    }

    private double Hash(TempFolder folder)
    {
        var buffer = new byte[1 << 20];
        var watch = Stopwatch.StartNew();
        foreach (var file in Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories))
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            using var handle = File.OpenHandle(file);
            int read;
            for (long offset = 0; (read = RandomAccess.Read(handle, buffer, offset)) > 0; offset += read)
            {
                hash.AppendData(buffer, 0, read);
            }

            hash.GetHashAndReset();
        }

        return Rate(watch);
    }

    private async Task<double> WireAsync(HttpClient http, TempFolder folder)
    {
        var watch = Stopwatch.StartNew();
        var requests = Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories).Select(file => new FileInfo(file)).Chunk(small ? RequestFiles : 1);
        await Parallel.ForEachAsync(requests, new ParallelOptions { MaxDegreeOfParallelism = new PushOptions().Connections }, async (files, cancel) =>
        {
            using var body = new FilesContent(files);
            using var answer = await http.PutAsync(new Uri("/", UriKind.Relative), body, cancel);
            answer.EnsureSuccessStatusCode();
        });
        return Rate(watch);
    }

    private double Disk(TempFolder data)
    {
        var buffer = new byte[1 << 20];
        new Random(3).NextBytes(buffer);
        var left = (long)Files * Size;
        var written = new List<string>();
        var watch = Stopwatch.StartNew();
        while (left > 0)
        {
            written.Add(data[$"limit-{written.Count}"]);
            using var file = File.OpenHandle(written[^1], FileMode.CreateNew, FileAccess.Write);
            for (long at = 0; at < PackBytes && left > 0; at += buffer.Length, left -= buffer.Length)
            {
                RandomAccess.Write(file, buffer, at);
            }

            RandomAccess.FlushToDisk(file);
        }

        var rate = Rate(watch);
        written.ForEach(File.Delete);
        return rate;
    }

    private void Write(TempFolder folder)
    {
        var content = new byte[Size];
        var random = new Random(1);
        for (var i = 0; i < Files; i++)
        {
            random.NextBytes(content);
            var name = folder[$"{i % 100:d2}/{i}.bin"];
            Directory.CreateDirectory(Path.GetDirectoryName(name)!);
            File.WriteAllBytes(name, content);
        }
    }

    private void Touch(TempFolder folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories))
        {
            using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Write);
            RandomAccess.Write(handle, BitConverter.GetBytes(_pushes), 0);
        }
    }

    private double Rate(Stopwatch watch) => (double)Files * Size / 1e6 / watch.Elapsed.TotalSeconds;
}
