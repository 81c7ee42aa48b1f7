using System.Diagnostics;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Datasets;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks.Reading;

/// <summary>Samples a second of ten epochs over Fashion-MNIST whose shards come from a node over HTTP before the first, beside a bare loop over shards that are here.</summary>
internal sealed class ReadHttpSamples : IBenchmark
{
    private const string Images = "/usr/share/datasets/fashion-mnist";
    private const int Epochs = 10;
    private int _fetches;

    public string Name => "read.http.samples";

    public string Unit => "samples/s";

    public double? Goal => 0.8;

    public async Task<Comparison> RunAsync()
    {
        using var folder = new TempFolder();
        await using var node = await OdlProcess.StartAsync(new OdlOptions { Data = folder["node"] });
        using var client = new OdlClient(node.Options.Url, node.Token);
        await client.Datasets.CreateAsync(new DatasetSpec { Name = "fashion", Kind = DatasetKind.Table });
        Directory.CreateDirectory(folder["files"]);
        foreach (var file in Directory.EnumerateFiles(Images, "train-*"))
        {
            File.Copy(file, Path.Combine(folder["files"], Path.GetFileName(file)));
        }

        await client.Datasets.PushAsync("fashion", folder["files"]);
        var here = folder["here"];
        await client.Datasets.Shards.FetchAsync("fashion", "latest", here);
        return await Comparison.InterleavedAsync(
            rounds: 5,
            async () =>
            {
                var to = folder[$"to-{++_fetches}"];
                var watch = Stopwatch.StartNew();
                await client.Datasets.Shards.FetchAsync("fashion", "latest", to);
                var rate = Read(to) / watch.Elapsed.TotalSeconds;
                Directory.Delete(to, recursive: true);
                return rate;
            },
            () =>
            {
                var watch = Stopwatch.StartNew();
                return Task.FromResult(Read(here) / watch.Elapsed.TotalSeconds);
            });
    }

    private static long Read(string folder) => Fashion.BareLoop([.. Directory.EnumerateFiles(folder, "*.mds").Order(StringComparer.Ordinal).Select(File.ReadAllBytes)], Epochs);
}
