namespace OrleansDL.Tests.Harness;

/// <summary>The PostgreSQL server that all tests of the product share, gone with them.</summary>
public sealed class PostgresServer : IAsyncLifetime
{
    private PostgresProcess _process = null!;

    public async Task InitializeAsync() => _process = await PostgresProcess.StartAsync();

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
