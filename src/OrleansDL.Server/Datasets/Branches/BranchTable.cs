using System.Data.Common;
using Dapper;
using OrleansDL.Database;

namespace OrleansDL.Datasets.Branches;

/// <summary>The rows of branches and of which version was made from which: written by each dataset's grain, read by everyone.</summary>
internal sealed class BranchTable(Db database)
{
    private const string Columns = "name AS Name, commit_sha256 AS Head, version AS Version, moved_at AS MovedAt";
    private const int ParentsAtOnce = 2000;

    public async Task<DatasetBranch?> FindAsync(Guid dataset, string branch)
    {
        await using var connection = await database.OpenAsync();
        var row = await connection.QuerySingleOrDefaultAsync<Row>(
            $"SELECT {Columns} FROM dataset_branch WHERE dataset = @id AND name = @branch", new { id = dataset.ToString(), branch });
        return row?.ToBranch();
    }

    public async Task<Page<DatasetBranch>> ListAsync(Guid dataset, PageRequest page)
    {
        var after = PageTokens.Decode(page.Token)?[0] ?? "";
        await using var connection = await database.OpenAsync();
        var rows = await connection.QueryAsync<Row>(
            $"SELECT {Columns} FROM dataset_branch WHERE dataset = @id AND name > @after ORDER BY name LIMIT @limit",
            new { id = dataset.ToString(), after, limit = page.CheckedSize() + 1 });
        return rows.Select(row => row.ToBranch()).ToList().ToPage(page, branch => [branch.Name]);
    }

    /// <summary>Where every branch is.</summary>
    public async Task<IReadOnlyDictionary<string, long>> HeadsAsync(Guid dataset)
    {
        await using var connection = await database.OpenAsync();
        var rows = await connection.QueryAsync<(string Name, long Version)>("SELECT name, version FROM dataset_branch WHERE dataset = @id", new { id = dataset.ToString() });
        return rows.ToDictionary(row => row.Name, row => row.Version, StringComparer.Ordinal);
    }

    /// <summary>Moves or makes a branch, unless a newer change did it already.</summary>
    /// <param name="connection">Of the transaction.</param>
    /// <param name="transaction">In which other rows are written too; null for none.</param>
    /// <param name="dataset">The dataset's id.</param>
    /// <param name="branch">The branch.</param>
    /// <param name="revision">Counts the dataset's changes.</param>
    public static Task WriteAsync(DbConnection connection, DbTransaction? transaction, Guid dataset, DatasetBranch branch, long revision) =>
        connection.ExecuteAsync(
            """
            INSERT INTO dataset_branch (dataset, name, commit_sha256, version, revision, moved_at) VALUES (@id, @Name, @commit, @Version, @revision, @at)
            ON CONFLICT (dataset, name) DO UPDATE SET
              commit_sha256 = excluded.commit_sha256, version = excluded.version, revision = excluded.revision, moved_at = excluded.moved_at
            WHERE dataset_branch.revision < excluded.revision
            """,
            new { id = dataset.ToString(), branch.Name, commit = branch.Head.Hex, branch.Version, revision, at = Micros.From(branch.MovedAt) }, transaction);

    public async Task WriteAsync(Guid dataset, DatasetBranch branch, long revision)
    {
        await using var connection = await database.OpenAsync();
        await WriteAsync(connection, null, dataset, branch, revision);
    }

    public async Task DeleteAsync(Guid dataset, string branch, long revision)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            "DELETE FROM dataset_branch WHERE dataset = @id AND name = @branch AND revision < @revision", new { id = dataset.ToString(), branch, revision });
    }

    /// <summary>Remembers the numbers of a version's parents, found by their digests.</summary>
    public static Task WriteParentsAsync(DbConnection connection, DbTransaction transaction, DatasetVersion version) =>
        connection.ExecuteAsync(
            """
            INSERT INTO dataset_parent (dataset, version, parent)
            SELECT @dataset, @Version, p.version FROM dataset_version p WHERE p.dataset = @dataset AND p.commit_sha256 = @commit
            ON CONFLICT DO NOTHING
            """,
            (version.Parents ?? []).Select(parent => new { dataset = version.Dataset.ToString(), version.Version, commit = parent.Hex }).ToList(), transaction);

    /// <summary>The parents of some versions up to a number, newest first: enough of them to go on for a while.</summary>
    public async Task<ILookup<long, long>> ParentsAsync(Guid dataset, long from)
    {
        await using var connection = await database.OpenAsync();
        var rows = await connection.QueryAsync<(long Version, long Parent)>(
            "SELECT version, parent FROM dataset_parent WHERE dataset = @id AND version <= @from AND version > @to",
            new { id = dataset.ToString(), from, to = from - ParentsAtOnce });
        return rows.ToLookup(row => row.Version, row => row.Parent);
    }

    /// <summary>How far down <see cref="ParentsAsync"/> went.</summary>
    public static long ReachOf(long from) => from - ParentsAtOnce;

    private sealed class Row
    {
        public string Name { get; set; } = "";
        public string Head { get; set; } = "";
        public long Version { get; set; }
        public long MovedAt { get; set; }

        public DatasetBranch ToBranch() => new() { Name = Name, Head = BlobId.Parse(Head), Version = Version, MovedAt = Micros.ToTime(MovedAt) };
    }
}
