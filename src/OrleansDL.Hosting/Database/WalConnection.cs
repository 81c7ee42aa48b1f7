using Microsoft.Data.Sqlite;

namespace OrleansDL.Database;

/// <summary>A SQLite connection with a write-ahead log that is synced at every commit: what was acknowledged survives a power cut.</summary>
internal sealed class WalConnection(string connectionString) : SqliteConnection(connectionString)
{
    public override void Open()
    {
        base.Open();
        using var pragma = CreateCommand();
        pragma.CommandText = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=10000; PRAGMA foreign_keys=ON;";
        pragma.ExecuteNonQuery();
    }
}
