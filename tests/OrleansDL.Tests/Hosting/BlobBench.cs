using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OrleansDL.Blobs;
using OrleansDL.Database;

namespace OrleansDL.Tests.Hosting;

/// <summary>A blob store of a test's own, with a database of its own and a clock that the test moves.</summary>
internal sealed class BlobBench : IAsyncDisposable
{
    private readonly TempDirectory _folder = new();

    private BlobBench(BlobOptions options, DateTimeOffset now)
    {
        Options = options;
        Time = new FakeTimeProvider(now);
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

    public FakeTimeProvider Time { get; }

    public BlobStore Store { get; private set; }

    /// <param name="now">What the clock shows; null: the time.</param>
    public static async Task<BlobBench> StartAsync(BlobOptions? options = null, DateTimeOffset? now = null)
    {
        var bench = new BlobBench(options ?? new BlobOptions(), now ?? TimeProvider.System.GetUtcNow());
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

    /// <summary>Keys of all that lies in the store.</summary>
    public async Task<List<string>> ObjectsAsync()
    {
        var keys = new List<string>();
        await foreach (var stored in Store.ObjectsAsync())
        {
            keys.Add(stored.Key);
        }

        return keys;
    }

    /// <summary>As if the database had been lost.</summary>
    public async Task ForgetRowsAsync()
    {
        await using var connection = await Database.OpenAsync();
        await connection.ExecuteAsync("DELETE FROM blob; DELETE FROM packed_blob; DELETE FROM blob_pack;");
    }

    public BlobAdmin Admin() => new(
        Database, Time,
        Microsoft.Extensions.Options.Options.Create(new BlobOptions { Location = Options.Location, S3 = Options.S3, CacheDirectory = Path.Combine(_folder.Path, "admin") }),
        NullLogger<BlobStore>.Instance);

    /// <summary>As when the nodes are started with another store.</summary>
    public void MoveTo(string location)
    {
        Options.Location = location;
        Store = Open();
    }

    public void EmptyCache()
    {
        Directory.Delete(Options.CacheDirectory, recursive: true);
        Store = Open();
    }

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
