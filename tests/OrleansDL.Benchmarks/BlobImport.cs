using System.Diagnostics;
using System.Globalization;
using OrleansDL.Benchmarks.Harness;

namespace OrleansDL.Benchmarks;

/// <summary>Import of 500,000 small objects, packed and leased: the rate of the last 50,000 beside that of the first 50,000. All windows, and the worst, are told beside it.</summary>
internal sealed class BlobImport : IBenchmark
{
    private const int Objects = 500_000;
    private const int Step = 50_000;
    private const int ObjectBytes = 1024;

    public string Name => "blobs.import";

    public string Unit => "objects/s";

    public double? Goal => 0.8;

    public async Task<Comparison> RunAsync()
    {
        await using var own = await OwnBlobStore.StartAsync();
        var rates = new List<double>();
        var random = new Random(1);
        var content = new byte[ObjectBytes];
        for (var done = 0; done < Objects; done += Step)
        {
            var blobs = new List<BlobId>(Step);
            var watch = Stopwatch.StartNew();
            await using (var writer = own.Store.CreatePack())
            {
                for (var i = 0; i < Step; i++)
                {
                    random.NextBytes(content);
                    blobs.Add((await writer.AddAsync(content)).Blob);
                }

                await writer.CompleteAsync();
            }

            await own.Store.LeaseAsync("dataset-commit:import", blobs, TimeSpan.FromHours(24));
            rates.Add(Step / watch.Elapsed.TotalSeconds);
        }

        await Console.Error.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"blobs.import: {string.Join(' ', rates.Select(rate => rate.ToString("0", CultureInfo.InvariantCulture)))}; the worst is {rates.Min() / rates[0]:0.00} of the first"));
        return new Comparison(rates[^1], rates[0]);
    }
}
