namespace OrleansDL.Tests.Harness;

/// <summary>The PostgreSQL server that all tests of the product share, gone with them.</summary>
#pragma warning disable CA1001 // xunit disposes it, by IAsyncLifetime.
public sealed class PostgresServer : IAsyncLifetime
#pragma warning restore CA1001
{
    private readonly PostgresProcess _process = new();

    public Task InitializeAsync() => _process.StartAsync();

    /// <summary>An empty database.</summary>
    public Task<string> CreateDatabaseAsync() => _process.CreateDatabaseAsync();

    /// <summary>Options for a node on a database: an empty one of this server, or SQLite in the folder.</summary>
    internal async Task<OdlOptions> NodeAsync(TestDatabase database, TempFolder folder) => new()
    {
        Data = folder.Path,
        Database = database is TestDatabase.Postgres ? await CreateDatabaseAsync() : null,
    };

    public async Task DisposeAsync() => await _process.DisposeAsync();
}
