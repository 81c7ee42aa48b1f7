using System.Diagnostics;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Datasets;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks.Reading;

/// <summary>Bytes a second of shards fetched from a node over HTTP, several at once, checked and written, beside reading, hashing and writing the same files in one process.</summary>
internal sealed class ReadHttp : IBenchmark
{
    private const string Datasets = "/v1/projects/default/datasets";
    private const int Repeats = 4;

    private int _fetches;

    public string Name => "read.http";

    public string Unit => "MB/s";

    public double? Goal => null;

    public async Task<Comparison> RunAsync()
    {
        using var folder = new TempFolder();
        await using var node = await OdlProcess.StartAsync(new OdlOptions { Data = folder["node"] });
        using var api = node.Api();
        using var client = new OdlClient(node.Options.Url, node.Token);
        await api.PostAsync(Datasets, new { name = "files", kind = "files" });
        Directory.CreateDirectory(folder["files"]);
        var bytes = new byte[60 << 20];
        for (var file = 0; file < Repeats; file++)
        {
            Random.Shared.NextBytes(bytes);
            await File.WriteAllBytesAsync(Path.Combine(folder["files"], $"{file}.bin"), bytes);
        }

        await client.Datasets.PushAsync("files", folder["files"]);
        var source = folder["source"];
        var status = await client.Datasets.Shards.FetchAsync("files", "latest", source);
        return await Comparison.InterleavedAsync(
            rounds: 3, () => RateAsync(status, folder, to => client.Datasets.Shards.FetchAsync("files", "latest", to)), () => RateAsync(status, folder, to => CopyAsync(source, to)));
    }

    private async Task<double> RateAsync(ShardStatus status, TempFolder folder, Func<string, Task> fetch)
    {
        var to = folder[$"to-{++_fetches}"];
        var watch = Stopwatch.StartNew();
        await fetch(to);
        var rate = status.Bytes / 1e6 / watch.Elapsed.TotalSeconds;
        Directory.Delete(to, recursive: true);
        return rate;
    }

    private static async Task CopyAsync(string source, string to)
    {
        Directory.CreateDirectory(to);
        var buffer = new byte[1 << 18];
        foreach (var file in Directory.EnumerateFiles(source, "*.mds"))
        {
            using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
            await using var from = File.OpenRead(file);
            await using var target = new FileStream(Path.Combine(to, Path.GetFileName(file)), FileMode.CreateNew, FileAccess.Write, FileShare.None, 0);
            for (int read; (read = await from.ReadAsync(buffer)) > 0;)
            {
                hash.AppendData(buffer, 0, read);
                await target.WriteAsync(buffer.AsMemory(0, read));
            }
        }
    }
}
