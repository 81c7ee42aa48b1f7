using System.Data.Common;
using Dapper;
using OrleansDL.Database;

namespace OrleansDL.Blobs;

/// <summary>Who needs which blobs, for ever or for a time.</summary>
internal sealed class BlobReferences(Db database, BlobRows rows, TimeProvider time)
{
    // Many rows in order touch each page of an index once, in one transaction: batches of a few rows would write every page again and again.
    private const int Batch = 65_536;

    public async Task AddAsync(string owner, IEnumerable<BlobId> blobs, TimeSpan? duration, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        if (duration is { } lasts)
        {
            // Before the first reference, so that a crash leaves none that nothing ends. An owner that is kept stays kept.
            await connection.ExecuteAsync(
                $"""
                INSERT INTO blob_lease (owner, until) SELECT @owner, @until
                WHERE EXISTS (SELECT 1 FROM blob_lease WHERE owner = @owner) OR NOT EXISTS (SELECT 1 FROM blob_reference WHERE owner = @owner)
                ON CONFLICT (owner) DO UPDATE SET until = CASE WHEN excluded.until > blob_lease.until THEN excluded.until ELSE blob_lease.until END
                """,
                new { owner, until = Micros.From(time.GetUtcNow() + lasts) });
        }

        await using var bulk = await rows.BulkAsync(connection);
        foreach (var batch in blobs.Select(blob => blob.Hex).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Chunk(Batch))
        {
            await connection.ExecuteAsync(
                $"INSERT INTO blob_reference (owner, sha256) SELECT @owner, sha256 FROM {rows.Ids} i WHERE TRUE ON CONFLICT DO NOTHING",
                new { owner, ids = rows.List(batch) });
        }

        if (duration is null)
        {
            await connection.ExecuteAsync("DELETE FROM blob_lease WHERE owner = @owner", new { owner });
        }
    }

    public async Task<bool> KeepAsync(string owner, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        return await connection.ExecuteAsync("DELETE FROM blob_lease WHERE owner = @owner", new { owner }) > 0
            || await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM (SELECT 1 FROM blob_reference WHERE owner = @owner LIMIT 1) r", new { owner }) > 0;
    }

    public async Task<IReadOnlyList<BlobId>> ListAsync(string owner, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        return [.. (await connection.QueryAsync<string>("SELECT sha256 FROM blob_reference WHERE owner = @owner", new { owner })).Select(BlobId.Parse)];
    }

    /// <summary>What would be free if some owners let go of blobs.</summary>
    public async Task<BlobUse> WeighAsync(IReadOnlyCollection<BlobId> blobs, IReadOnlyCollection<string> owners, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        var (free, bytes) = (0L, 0L);
        foreach (var batch in blobs.Select(blob => blob.Hex).Chunk(BlobRows.Batch))
        {
            foreach (var table in (string[])["blob", "packed_blob"])
            {
                var (count, sum) = await connection.QuerySingleAsync<(long, long)>(
                    $"""
                    SELECT COUNT(*), COALESCE(SUM(b.bytes), 0) FROM {table} b WHERE b.sha256 {rows.In("@ids")}
                    AND NOT EXISTS (SELECT 1 FROM blob_reference r WHERE r.sha256 = b.sha256 AND NOT (r.owner {rows.In("@owners")}))
                    """,
                    new { ids = rows.List(batch), owners = rows.List(owners) });
                free += count;
                bytes += sum;
            }
        }

        return new BlobUse(free, bytes, blobs.Count - free);
    }

    public async Task RemoveAsync(string owner, IEnumerable<BlobId>? blobs)
    {
        await using var connection = await database.OpenAsync();
        if (blobs is null)
        {
            await using var transaction = await database.BeginAsync(connection);
            await connection.ExecuteAsync("DELETE FROM blob_lease WHERE owner = @owner", new { owner }, transaction);
            await DeleteAsync(connection, transaction, owner);
            await transaction.CommitAsync();
            return;
        }

        foreach (var batch in blobs.Select(blob => blob.Hex).Chunk(BlobRows.Batch))
        {
            await connection.ExecuteAsync(
                $"DELETE FROM blob_reference WHERE owner = @owner AND sha256 {rows.In("@ids")}", new { owner, ids = rows.List(batch) });
        }
    }

    /// <summary>Owners whose time is over.</summary>
    public async Task<IReadOnlyList<string>> ExpiredAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        return [.. await connection.QueryAsync<string>("SELECT owner FROM blob_lease WHERE until < @now", new { now = time.Now() })];
    }

    /// <summary>Ends an owner's references if its time is still over: it may have been kept or extended meanwhile.</summary>
    public async Task<bool> ExpireAsync(string owner, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var transaction = await database.BeginAsync(connection, cancellationToken);
        if (await connection.ExecuteAsync("DELETE FROM blob_lease WHERE owner = @owner AND until < @now", new { owner, now = time.Now() }, transaction) == 0)
        {
            return false;
        }

        await DeleteAsync(connection, transaction, owner);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    private static Task<int> DeleteAsync(DbConnection connection, DbTransaction transaction, string owner) =>
        connection.ExecuteAsync("DELETE FROM blob_reference WHERE owner = @owner", new { owner }, transaction);
}
