using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansDL.Blobs;
using OrleansDL.Database;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks.Harness;

/// <summary>A blob store in a temporary folder, on SQLite.</summary>
internal sealed class OwnBlobStore : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Db _database;

    private OwnBlobStore()
    {
        _database = new Db(Options.Create(new DatabaseOptions { SqliteFile = _folder["odl.db"] }));
        Store = new BlobStore(
            _database, TimeProvider.System, Options.Create(new BlobOptions { Location = _folder["blobs"], CacheDirectory = _folder["cache"] }), NullLogger<BlobStore>.Instance);
    }

    public BlobStore Store { get; }

    public static async Task<OwnBlobStore> StartAsync()
    {
        var store = new OwnBlobStore();
        await new Schema(store._database, TimeProvider.System, NullLogger<Schema>.Instance).ApplyAsync();
        return store;
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        _folder.Dispose();
    }
}
