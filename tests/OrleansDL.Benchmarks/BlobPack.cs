using System.Diagnostics;
using System.Security.Cryptography;
using OrleansDL.Benchmarks.Harness;

namespace OrleansDL.Benchmarks;

/// <summary>Small blobs stored in packs, beside hashing the same bytes. What one by one gives is told on the error stream.</summary>
internal sealed class BlobPack : IBenchmark
{
    private const int ObjectBytes = 8 << 10;
    private const int Objects = 20_000;
    private const int OneByOne = 500;

    public string Name => "blobs.pack";

    public string Unit => "MB/s";

    public double? Goal => null;

    public async Task<Comparison> RunAsync()
    {
        await using var own = await OwnBlobStore.StartAsync();
        var content = new byte[ObjectBytes];
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < OneByOne; i++)
        {
            RandomNumberGenerator.Fill(content);
            await own.Store.PutAsync(content);
        }

        await Console.Error.WriteLineAsync($"blobs.pack: one by one {OneByOne / watch.Elapsed.TotalSeconds:0} blobs/s");
        var all = RandomNumberGenerator.GetBytes(Objects * ObjectBytes);
        return await Comparison.InterleavedAsync(
            rounds: 3,
            async () =>
            {
                RandomNumberGenerator.Fill(all);
                var begun = Stopwatch.StartNew();
                await using var writer = own.Store.CreatePack();
                for (var i = 0; i < Objects; i++)
                {
                    await writer.AddAsync(all.AsMemory(i * ObjectBytes, ObjectBytes));
                }

                await writer.CompleteAsync();
                return all.Length / 1e6 / begun.Elapsed.TotalSeconds;
            },
            () =>
            {
                var begun = Stopwatch.StartNew();
                for (var i = 0; i < Objects; i++)
                {
                    SHA256.HashData(all.AsSpan(i * ObjectBytes, ObjectBytes));
                }

                return Task.FromResult(all.Length / 1e6 / begun.Elapsed.TotalSeconds);
            });
    }
}
