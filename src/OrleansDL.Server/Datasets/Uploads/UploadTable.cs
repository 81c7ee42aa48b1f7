using Dapper;
using OrleansDL.Database;

namespace OrleansDL.Datasets.Uploads;

/// <summary>The rows of large files that are coming in.</summary>
internal sealed class UploadTable(Db database, TimeProvider time)
{
    private const string Columns =
        "id AS Id, project AS Project, dataset AS Dataset, bytes AS Bytes, sha256 AS Sha256, durable AS Durable, sealed AS Sealed, blob AS Blob, created_at AS CreatedAt, expires_at AS ExpiresAt";

    public async Task<UploadRow> CreateAsync(Guid id, Dataset dataset, UploadSpec spec, TimeSpan keep)
    {
        var now = time.Now();
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            """
            INSERT INTO dataset_upload (id, project, dataset, resume_key, bytes, sha256, durable, sealed, blob, created_at, expires_at)
            VALUES (@id, @project, @dataset, @key, @bytes, @sha256, 0, NULL, NULL, @now, @expires) ON CONFLICT DO NOTHING
            """,
            new
            {
                id = id.ToString(),
                project = dataset.Project,
                dataset = dataset.Id.ToString(),
                key = spec.Key,
                bytes = spec.Bytes,
                sha256 = spec.Sha256?.Hex,
                now,
                expires = now + (long)keep.TotalMicroseconds,
            });
        return (await FindAsync(dataset.Id, id))!;
    }

    public async Task<UploadRow?> FindAsync(Guid dataset, Guid id)
    {
        await using var connection = await database.OpenAsync();
        return await connection.QuerySingleOrDefaultAsync<UploadRow>(
            $"SELECT {Columns} FROM dataset_upload WHERE id = @id AND dataset = @dataset AND expires_at > @now",
            new { id = id.ToString(), dataset = dataset.ToString(), now = time.Now() });
    }

    /// <summary>The newest unfinished upload of a file that a client calls by a key.</summary>
    public async Task<UploadRow?> FindAsync(Guid dataset, string key, long bytes)
    {
        await using var connection = await database.OpenAsync();
        return await connection.QueryFirstOrDefaultAsync<UploadRow>(
            $"SELECT {Columns} FROM dataset_upload WHERE dataset = @dataset AND resume_key = @key AND bytes = @bytes AND blob IS NULL AND expires_at > @now ORDER BY created_at DESC",
            new { dataset = dataset.ToString(), key, bytes, now = time.Now() });
    }

    /// <summary>So many bytes are safe on the disk.</summary>
    public async Task RecordAsync(Guid id, long durable, TimeSpan keep)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            "UPDATE dataset_upload SET durable = @durable, expires_at = @expires WHERE id = @id",
            new { id = id.ToString(), durable, expires = time.Now() + (long)keep.TotalMicroseconds });
    }

    /// <summary>All bytes are safe on the disk and have this digest.</summary>
    public async Task SealAsync(Guid id, BlobRef blob)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync("UPDATE dataset_upload SET sealed = @hex WHERE id = @id", new { id = id.ToString(), hex = blob.Blob.Hex });
    }

    public async Task CompleteAsync(Guid id, BlobRef blob)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            "UPDATE dataset_upload SET blob = @blob, durable = @bytes WHERE id = @id", new { id = id.ToString(), blob = blob.Blob.Hex, bytes = blob.Bytes });
    }

    public async Task DeleteAsync(Guid id)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync("DELETE FROM dataset_upload WHERE id = @id", new { id = id.ToString() });
    }

    /// <summary>Uploads nobody went on with in time.</summary>
    public async Task<IReadOnlyList<Guid>> ExpiredAsync()
    {
        await using var connection = await database.OpenAsync();
        return [.. (await connection.QueryAsync<string>("SELECT id FROM dataset_upload WHERE expires_at <= @now", new { now = time.Now() })).Select(Guid.Parse)];
    }
}
