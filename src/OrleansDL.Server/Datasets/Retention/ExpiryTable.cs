using Dapper;
using OrleansDL.Database;

namespace OrleansDL.Datasets.Retention;

/// <summary>The rows that say which versions are there, which are gone, and whose blobs have been let go of.</summary>
internal sealed class ExpiryTable(Db database)
{
    private const string There =
        "dataset_version v LEFT JOIN dataset_expired e ON e.dataset = v.dataset AND e.version = v.version";

    /// <summary>The versions that are not gone, newest first.</summary>
    public async Task<IReadOnlyList<(long Version, BlobId Commit, DateTimeOffset CommittedAt)>> ListThereAsync(Guid dataset)
    {
        await using var connection = await database.OpenAsync();
        var rows = await connection.QueryAsync<(long Version, string Commit, long At)>(
            $"SELECT v.version, v.commit_sha256, v.committed_at FROM {There} WHERE v.dataset = @id AND e.version IS NULL ORDER BY v.version DESC", new { id = dataset.ToString() });
        return [.. rows.Select(row => (row.Version, BlobId.Parse(row.Commit), Micros.ToTime(row.At)))];
    }

    /// <summary>Whether a commit of any dataset is not gone.</summary>
    public async Task<bool> IsThereAsync(BlobId commit)
    {
        await using var connection = await database.OpenAsync();
        return await connection.ExecuteScalarAsync<long>($"SELECT COUNT(*) FROM {There} WHERE v.commit_sha256 = @commit AND e.version IS NULL", new { commit = commit.Hex }) > 0;
    }

    public async Task<IReadOnlyList<(string Tag, long Version)>> TagsAsync(Guid dataset)
    {
        await using var connection = await database.OpenAsync();
        return [.. await connection.QueryAsync<(string, long)>("SELECT tag, version FROM dataset_tag WHERE dataset = @id ORDER BY tag", new { id = dataset.ToString() })];
    }

    /// <summary>Says that versions are gone, once and for all.</summary>
    public async Task WriteAsync(Guid dataset, IEnumerable<long> versions, DateTimeOffset now, string reason, bool purged)
    {
        await using var connection = await database.OpenAsync();
        await using var transaction = await database.BeginAsync(connection);
        await connection.ExecuteAsync(
            "INSERT INTO dataset_expired (dataset, version, expired_at, purged, reason, collected) VALUES (@id, @version, @at, @purged, @reason, 0) ON CONFLICT DO NOTHING",
            versions.Select(version => new { id = dataset.ToString(), version, at = Micros.From(now), purged = purged ? 1 : 0, reason }).ToList(), transaction);
        await transaction.CommitAsync();
    }

    /// <summary>Versions that are gone and whose blobs are still referred to, or may be.</summary>
    public async Task<IReadOnlyList<long>> UncollectedAsync(Guid dataset, bool purgedOnly = false)
    {
        await using var connection = await database.OpenAsync();
        return [.. await connection.QueryAsync<long>(
            $"SELECT version FROM dataset_expired WHERE dataset = @id AND collected = 0{(purgedOnly ? " AND purged = 1" : "")}", new { id = dataset.ToString() })];
    }

    public async Task WriteCollectedAsync(Guid dataset, IReadOnlyList<long> versions)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            $"UPDATE dataset_expired SET collected = 1 WHERE dataset = @id AND version {database.In("@versions")}", new { id = dataset.ToString(), versions = versions.ToArray() });
    }

    /// <summary>The requests that made some versions: each owns the blobs it brought.</summary>
    public async Task<IReadOnlyList<Guid>> RequestsAsync(Guid dataset, IReadOnlyCollection<long> versions)
    {
        await using var connection = await database.OpenAsync();
        var rows = await connection.QueryAsync<string>(
            $"SELECT request_id FROM dataset_version WHERE dataset = @id AND version {database.In("@versions")}", new { id = dataset.ToString(), versions = versions.ToArray() });
        return [.. rows.Select(Guid.Parse)];
    }
}
