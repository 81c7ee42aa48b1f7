using OrleansDL.Database;

namespace OrleansDL.Blobs;

/// <summary>How SQL finds a blob among those in packs.</summary>
public static class PackedBlobs
{
    /// <summary>The condition that the digest of a row of <c>packed_blob</c> is another's. Neither database goes through the whole table for it,
    /// as long as the other is known first: SQLite keeps the order of a CROSS JOIN.</summary>
    /// <param name="packed">The column, for example <c>p.sha256</c>.</param>
    public static string Same(Db database, string packed, string other) =>
        database.IsPostgres ? $"{packed} = {other}" : $"(substr({packed}, 1, 10) = substr({other}, 1, 10) AND {packed} = {other})";
}
