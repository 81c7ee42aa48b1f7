using System.Data.Common;
using Dapper;
using OrleansDL.Database;

namespace OrleansDL.Blobs;

/// <summary>Who needs which blobs, for ever or for a time.</summary>
internal sealed class BlobReferences(Db database, BlobRows rows, TimeProvider time)
{
    // Many rows in order touch each page of an index once, in one transaction: batches of a few rows would write every page again and again.
    private const int Batch = 65_536;

    private const string Any = "EXISTS (SELECT 1 FROM blob_reference WHERE owner = @owner) OR EXISTS (SELECT 1 FROM packed_reference WHERE owner = @owner)";

    public async Task AddAsync(string owner, IEnumerable<BlobId> blobs, TimeSpan? duration, CancellationToken cancellationToken)
    {
        await using var bulk = await database.OpenBulkAsync(cancellationToken);
        var connection = bulk.Connection;
        if (duration is { } lasts)
        {
            // Before the first reference, so that a crash leaves none that nothing ends. An owner that is kept stays kept.
            await connection.ExecuteAsync(
                $"""
                INSERT INTO blob_lease (owner, until) SELECT @owner, @until
                WHERE EXISTS (SELECT 1 FROM blob_lease WHERE owner = @owner) OR NOT ({Any})
                ON CONFLICT (owner) DO UPDATE SET until = CASE WHEN excluded.until > blob_lease.until THEN excluded.until ELSE blob_lease.until END
                """,
                new { owner, until = Micros.From(time.GetUtcNow() + lasts) });
        }

        foreach (var batch in blobs.Select(blob => blob.Hex).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Chunk(Batch))
        {
            // In the order of the numbers, so that each tree grows at one place.
            var parameters = new { owner, ids = rows.List(batch) };
            var packed = await connection.ExecuteAsync(
                $"""
                INSERT INTO packed_reference (owner, blob)
                SELECT @owner, p.id FROM {rows.Ids} i CROSS JOIN packed_blob p WHERE {rows.Same("p.sha256", "i.sha256")} ORDER BY p.id ON CONFLICT DO NOTHING
                """,
                parameters);
            if (packed < batch.Length)
            {
                // Not what lies in no pack, but what has no reference yet: it may come into a pack in this moment.
                await connection.ExecuteAsync(
                    $"""
                    INSERT INTO blob_reference (owner, sha256) SELECT @owner, i.sha256 FROM {rows.Ids} i
                    WHERE NOT EXISTS (SELECT 1 FROM packed_blob p JOIN packed_reference r ON r.blob = p.id WHERE {rows.Same("p.sha256", "i.sha256")} AND r.owner = @owner)
                    ON CONFLICT DO NOTHING
                    """,
                    parameters);
            }
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
            || await connection.ExecuteScalarAsync<long>($"SELECT COUNT(*) FROM (SELECT 1 AS one) o WHERE {Any}", new { owner }) > 0;
    }

    public async Task<IReadOnlyList<BlobId>> ListAsync(string owner, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        return [.. (await connection.QueryAsync<string>(
            """
            SELECT sha256 FROM blob_reference WHERE owner = @owner
            UNION SELECT p.sha256 FROM packed_reference r JOIN packed_blob p ON p.id = r.blob WHERE r.owner = @owner
            """,
            new { owner })).Select(BlobId.Parse)];
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
                    SELECT COUNT(*), COALESCE(SUM(b.bytes), 0) FROM {table} b WHERE {(table == "blob" ? $"b.sha256 {rows.In("@ids")}" : $"b.id IN {rows.PackedIds}")}
                    AND NOT {BlobRows.Named(table, $"NOT (r.owner {rows.In("@owners")})")}
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
                $"""
                DELETE FROM blob_reference WHERE owner = @owner AND sha256 {rows.In("@ids")};
                DELETE FROM packed_reference WHERE owner = @owner AND blob IN {rows.PackedIds};
                """,
                new { owner, ids = rows.List(batch) });
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
        connection.ExecuteAsync("DELETE FROM blob_reference WHERE owner = @owner; DELETE FROM packed_reference WHERE owner = @owner;", new { owner }, transaction);
}
