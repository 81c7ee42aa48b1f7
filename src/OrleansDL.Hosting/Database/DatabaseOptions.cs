namespace OrleansDL.Database;

/// <summary>Where the node's state is kept.</summary>
public sealed class DatabaseOptions
{
    /// <summary>A PostgreSQL connection string (<c>Host=...</c>), or null for the SQLite file.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Path of the SQLite file; used when <see cref="ConnectionString"/> is null.</summary>
    public string? SqliteFile { get; set; }

    /// <summary>Most connections one node holds to PostgreSQL.</summary>
    public int MaximumPoolSize { get; set; } = 32;
}
