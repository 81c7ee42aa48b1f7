using System.Diagnostics;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks;

/// <summary>A large file committed over HTTP, beside writing and hashing the same bytes in one process.</summary>
internal sealed class UploadFiles : IBenchmark
{
    private const int Bytes = 256 << 20;

    // As before pushes are measured: what a node calls is compiled for the last time in the background of its first uploads.
    private const int Warming = 6;
    private const string Datasets = "/v1/projects/default/datasets";

    private readonly byte[] _content = RandomNumberGenerator.GetBytes(Bytes);
    private long _uploads;

    public string Name => "upload.files";

    public string Unit => "MB/s";

    public double? Goal => 0.7;

    public async Task<Comparison> RunAsync()
    {
        using var folder = new TempFolder();
        using var scratch = new TempFolder();
        await using var node = await OdlProcess.StartAsync(new OdlOptions { Data = folder.Path });
        using var api = node.Api();
        await api.PostAsync(Datasets, new { name = "files", kind = "files" });
        for (var upload = 0; upload < Warming; upload++)
        {
            await OursAsync(api);
        }

        await AtRest.OfAsync(node.Pid);
        return await Comparison.InterleavedAsync(rounds: 5, () => OursAsync(api), () => LimitAsync(scratch["file"]), warming: 2);
    }

    private async Task<double> OursAsync(Api api)
    {
        // Other bytes each time: the same ones again would make no new blob.
        BitConverter.TryWriteBytes(_content, ++_uploads);
        using var body = new ByteArrayContent(_content);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        var watch = Stopwatch.StartNew();
        await api.SendAsync(HttpMethod.Post, $"{Datasets}/files/commits?message=one&format=file&path=file.bin&mode=replace", body);
        return Rate(watch);
    }

    /// <summary>Write and hash side by side, then the same promise: the bytes are on the disk.</summary>
    private async Task<double> LimitAsync(string path)
    {
        const int Chunk = 1 << 20;
        var watch = Stopwatch.StartNew();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using (var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            for (var offset = 0; offset < _content.Length; offset += Chunk)
            {
                var chunk = _content.AsMemory(offset, Chunk);
                var write = file.WriteAsync(chunk);
                hash.AppendData(chunk.Span);
                await write;
            }

            file.Flush(flushToDisk: true);
        }

        hash.GetHashAndReset();
        var rate = Rate(watch);
        File.Delete(path);
        return rate;
    }

    private static double Rate(Stopwatch watch) => Bytes / 1e6 / watch.Elapsed.TotalSeconds;
}
