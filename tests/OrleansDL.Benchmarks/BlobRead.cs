using System.Diagnostics;
using System.Security.Cryptography;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Blobs;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks;

/// <summary>A large blob read with verification, beside a file read without.</summary>
internal sealed class BlobRead : IBenchmark
{
    private const int Bytes = 512 << 20;

    public string Name => "blobs.read";

    public string Unit => "MB/s";

    public double? Goal => 0.7;

    public async Task<Comparison> RunAsync()
    {
        await using var own = await OwnBlobStore.StartAsync();
        using var folder = new TempFolder();
        var content = RandomNumberGenerator.GetBytes(Bytes);
        var blob = await own.Store.PutAsync(content);
        await File.WriteAllBytesAsync(folder["file"], content);
        return await Comparison.InterleavedAsync(
            rounds: 5,
            async () => await RateAsync(await own.Store.OpenReadAsync(blob.Blob)),
            () => RateAsync(new FileStream(folder["file"], FileMode.Open, FileAccess.Read, FileShare.Read, 0)));
    }

    private static async Task<double> RateAsync(Stream stream)
    {
        await using var source = stream;
        var buffer = new byte[BlobStore.PackedBelow];
        var watch = Stopwatch.StartNew();
        while (await source.ReadAsync(buffer) > 0)
        {
            // Only the reading is measured.
        }

        return Bytes / 1e6 / watch.Elapsed.TotalSeconds;
    }
}
