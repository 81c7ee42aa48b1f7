using System.Data.Common;

namespace OrleansDL.Database;

/// <summary>A connection for many rows at once, until it is disposed; <see cref="Db.OpenBulkAsync"/> makes it.</summary>
public readonly struct BulkConnection : IAsyncDisposable
{
    private readonly SemaphoreSlim? _turn;

    internal BulkConnection(DbConnection connection, SemaphoreSlim? turn) => (Connection, _turn) = (connection, turn);

    public DbConnection Connection { get; }

    public ValueTask DisposeAsync()
    {
        if (_turn is null)
        {
            return Connection.DisposeAsync();
        }

        _turn.Release();
        return ValueTask.CompletedTask;
    }
}
