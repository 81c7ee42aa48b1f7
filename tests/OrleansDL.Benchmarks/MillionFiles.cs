using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks;

/// <summary>A dataset of 1,000,000 files in a node of its own, and commits that change 100 of them, far apart.</summary>
internal sealed class MillionFiles : IAsyncDisposable
{
    public const int Changed = 100;
    private const string Dataset = "/v1/projects/default/datasets/million";
    private const int Files = 1_000_000;
    private const int AtOnce = 250_000;
    private readonly TempFolder _folder = new();
    private readonly List<string> _blobs = [];
    private OdlProcess? _node;
    private Api? _api;

    public long Version { get; private set; }

    public static async Task<MillionFiles> MakeAsync()
    {
        var made = new MillionFiles();
        made._node = await OdlProcess.StartAsync(new OdlOptions { Data = made._folder.Path });
        made._api = made._node.Api();
        await made._api.PostAsync("/v1/projects/default/datasets", new { name = "million", kind = "files" });
        await made.StoreAsync();
        for (var first = 0; first < Files; first += AtOnce)
        {
            await made.CommitAsync(Enumerable.Range(first, AtOnce).Select(i => Add(i, made._blobs[i % 100])));
        }

        // The manifest of a million is written; what follows is measured.
        await Console.Error.WriteLineAsync($"1,000,000 files in version {made.Version}; the node has {made.MegaBytes()} MB of memory.");
        return made;
    }

    /// <summary>Seconds of a commit that gives 100 files other bytes.</summary>
    public async Task<double> ChangeAsync()
    {
        var blob = _blobs[100 + ((int)Version % 100)];
        var lines = Enumerable.Range(0, Changed).Select(i => ((i * 9_973) + (int)(Version * 31)) % Files)
            .SelectMany(i => new[] { FormattableString.Invariant($$"""{"remove":"folder/{{i:d7}}.bin"}"""), Add(i, blob) }).ToList();
        var before = MegaBytes();
        var watch = Stopwatch.StartNew();
        await CommitAsync(lines);
        var seconds = watch.Elapsed.TotalSeconds;
        await Console.Error.WriteLineAsync(FormattableString.Invariant($"commit of {Changed} changes: {seconds:0.000} s, memory {before} -> {MegaBytes()} MB"));
        return seconds;
    }

    /// <summary>Seconds of the difference between the newest two versions.</summary>
    public async Task<double> DiffAsync()
    {
        var watch = Stopwatch.StartNew();
        var diff = await _api!.GetAsync($"{Dataset}/diff?from=v{Version - 1}&to=v{Version}");
        var seconds = watch.Elapsed.TotalSeconds;
        var found = diff.GetProperty("changed").GetArrayLength();
        return found == Changed ? seconds : throw new InvalidOperationException($"{found} files differ instead of {Changed}.");
    }

    public async ValueTask DisposeAsync()
    {
        _api?.Dispose();
        if (_node is not null)
        {
            await _node.DisposeAsync();
        }

        _folder.Dispose();
    }

    private async Task CommitAsync(IEnumerable<string> lines)
    {
        using var body = new StringContent("{}\n" + string.Join('\n', lines) + "\n");
        Version = (await _api!.SendAsync(HttpMethod.Post, $"{Dataset}/uploads/commit", body)).GetProperty("version").GetInt64();
    }

    // Two hundred small files: which one stands at a path is what is committed.
    private async Task StoreAsync()
    {
        using var body = new MemoryStream();
        var length = new byte[4];
        for (var i = 0; i < 200; i++)
        {
            var bytes = Encoding.UTF8.GetBytes($"file {i}");
            var digest = SHA256.HashData(bytes);
            BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
            body.Write(length);
            body.Write(digest);
            body.Write(bytes);
            _blobs.Add($"sha256:{Convert.ToHexStringLower(digest)}");
        }

        using var content = new ByteArrayContent(body.ToArray());
        await _api!.SendAsync(HttpMethod.Post, $"{Dataset}/uploads/files", content);
    }

    private static string Add(int number, string blob) => FormattableString.Invariant($$"""{"add":"folder/{{number:d7}}.bin","blob":"{{blob}}"}""");

    private long MegaBytes() => long.Parse(
        File.ReadLines($"/proc/{_node!.Pid}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture) / 1024;
}
