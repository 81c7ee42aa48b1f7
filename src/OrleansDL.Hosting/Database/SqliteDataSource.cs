using System.Data.Common;

namespace OrleansDL.Database;

/// <summary>Hands out connections to one SQLite file.</summary>
internal sealed class SqliteDataSource(string connectionString) : DbDataSource
{
    public override string ConnectionString => connectionString;

    protected override DbConnection CreateDbConnection() => new WalConnection(connectionString);
}
