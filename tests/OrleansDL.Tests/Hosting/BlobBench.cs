using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OrleansDL.Blobs;
using OrleansDL.Database;

namespace OrleansDL.Tests.Hosting;

/// <summary>A blob store of a test's own, with a database of its own and a clock that the test moves.</summary>
internal sealed class BlobBench : IAsyncDisposable
{
    private readonly TempDirectory _folder = new();

    private BlobBench(BlobOptions options)
    {
        Options = options;
        Options.CacheDirectory = Path.Combine(_folder.Path, "cache");
        if (Options.Location.Length == 0)
        {
            Options.Location = Path.Combine(_folder.Path, "blobs");
        }

        Database = ServerNode.NewDatabase(_folder.Path);
        Store = Open();
    }

    public BlobOptions Options { get; }

    public Db Database { get; }

    public FakeTimeProvider Time { get; } = new(TimeProvider.System.GetUtcNow());

    public BlobStore Store { get; private set; }

    public static async Task<BlobBench> StartAsync(BlobOptions? options = null)
    {
        var bench = new BlobBench(options ?? new BlobOptions());
        await new Schema(bench.Database, bench.Time, NullLogger<Schema>.Instance).ApplyAsync();
        return bench;
    }

    /// <summary>As after a restart of the process: nothing is remembered but what is stored.</summary>
    public BlobStore Reopen() => Store = Open();

    public async Task<List<BlobRef>> PackAsync(params IEnumerable<byte[]> contents)
    {
        var blobs = new List<BlobRef>();
        await using var writer = Store.CreatePack();
        foreach (var content in contents)
        {
            blobs.Add(await writer.AddAsync(content));
        }

        await writer.CompleteAsync();
        return blobs;
    }

    /// <summary>Sweeps as if everything had been stored long ago.</summary>
    public Task<BlobSweepReport> SweepAsync(bool dryRun = false) => Store.SweepAsync(Time.GetUtcNow().AddDays(1), dryRun);

    /// <summary>Changes one byte of a file.</summary>
    public static void Damage(string file, long position)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite);
        stream.Position = position;
        var value = stream.ReadByte();
        stream.Position = position;
        stream.WriteByte((byte)(value ^ 1));
    }

    public static byte[] Random(int length)
    {
        var bytes = new byte[length];
        System.Random.Shared.NextBytes(bytes);
        return bytes;
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        _folder.Dispose();
    }

    private BlobStore Open() => new(Database, Time, Microsoft.Extensions.Options.Options.Create(Options), NullLogger<BlobStore>.Instance);
}
