using System.Data;
using System.Data.Common;
using Dapper;

namespace OrleansDL.Blobs;

/// <summary>More page cache for one SQLite connection while it writes many rows; connections are pooled, so it is given back.</summary>
internal sealed class BulkPages : IAsyncDisposable
{
    private readonly DbConnection? _connection;

    private BulkPages(DbConnection? connection) => _connection = connection;

    public static async Task<BulkPages> BeginAsync(DbConnection connection, bool postgres)
    {
        if (!postgres)
        {
            await connection.ExecuteAsync("PRAGMA cache_size = -65536");
        }

        return new BulkPages(postgres ? null : connection);
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is { State: ConnectionState.Open })
        {
            await _connection.ExecuteAsync("PRAGMA cache_size = -2000; PRAGMA shrink_memory");
        }
    }
}
