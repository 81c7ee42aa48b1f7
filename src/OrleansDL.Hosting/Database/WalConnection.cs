using Microsoft.Data.Sqlite;

namespace OrleansDL.Database;

/// <summary>A SQLite connection with a write-ahead log that is synced at every commit: what was acknowledged survives a power cut.</summary>
internal sealed class WalConnection(string connectionString) : SqliteConnection(connectionString)
{
    // The log is copied into the database file every 32 MiB: pages that many commits change are copied once.
    private const int CheckpointPages = 8192;

    public override void Open()
    {
        base.Open();
        using var pragma = CreateCommand();
        pragma.CommandText = $"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=10000; PRAGMA foreign_keys=ON; PRAGMA wal_autocheckpoint={CheckpointPages};";
        pragma.ExecuteNonQuery();
    }
}
