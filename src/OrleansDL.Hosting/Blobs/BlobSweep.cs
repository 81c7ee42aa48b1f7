using Dapper;
using OrleansDL.Database;

namespace OrleansDL.Blobs;

/// <summary>Removes what nobody refers to. It may be killed at any point and run by several nodes at once.</summary>
/// <remarks>A row and its bytes go under one lock: the row is deleted in a transaction, then the bytes, then the transaction is
/// committed. A writer of the same bytes writes the same row, so it comes before (and the row is young again) or after (and it puts
/// the bytes back). Killed in between, the row is there again without bytes, which is never trusted and goes with the next sweep.</remarks>
internal sealed class BlobSweep(
    Db database, IBlobBackend backend, BlobRows rows, BlobReferences references, BlobIndexer indexer, PackCompactor compactor, TimeProvider time)
{
    // How long writers may be kept waiting.
    private const int Batch = 256;

    private static string Unnamed(string table) => $"b.stored_at < @before AND NOT {BlobRows.Named(table)}";

    // A dry run ends no lease: it looks past those that a sweep would end.
    private static string WouldBeUnnamed(string table) =>
        $"b.stored_at < @before AND NOT {BlobRows.Named(table, "NOT EXISTS (SELECT 1 FROM blob_lease l WHERE l.owner = r.owner AND l.until < @now)")}";

    /// <param name="orphans">Whether to look for files without rows: that lists the whole store.</param>
    public async Task<BlobSweepReport> RunAsync(DateTimeOffset storedBefore, bool orphans, bool dryRun, CancellationToken cancellationToken)
    {
        var ended = 0;
        foreach (var owner in await references.ExpiredAsync(cancellationToken))
        {
            if (dryRun || await references.ExpireAsync(owner, cancellationToken))
            {
                ended++;
            }
        }

        // An orphan gets a row, and goes as what nobody refers to: under the same lock.
        var uploads = Uploads(storedBefore, dryRun);
        var found = new BlobIndexReport();
        if (orphans)
        {
            found = await indexer.RunAsync(storedBefore, dryRun, AbandonAsync, cancellationToken);
            var abandoned = await backend.AbandonUploadsAsync(storedBefore, dryRun, cancellationToken);
            uploads = uploads.Plus(abandoned.Count, abandoned.Bytes);
        }

        var blobs = await SweepAsync("blob", "sha256", "", storedBefore, dryRun, cancellationToken);
        var packed = await SweepAsync("packed_blob", "id", 0L, storedBefore, dryRun, cancellationToken);
        var compacted = await compactor.RunAsync(storedBefore, dryRun, cancellationToken);
        var packs = await PacksAsync(storedBefore, dryRun, cancellationToken);
        return new BlobSweepReport
        {
            DryRun = dryRun,
            StoredBefore = storedBefore,
            ExpiredLeases = ended,
            Orphans = found.Blobs + found.Packs,
            Uploads = uploads,
            Blobs = blobs,
            PackedBlobs = packed,
            Compacted = compacted,
            Packs = packs,
            BytesFreed = blobs.Bytes + packs.Bytes + uploads.Bytes,
        };

        async Task AbandonAsync(StoredObject upload)
        {
            uploads = uploads.Plus(1, upload.Bytes);
            if (!dryRun)
            {
                await backend.DeleteAsync([upload.Key], cancellationToken);
            }
        }
    }

    private SweptBlobs Uploads(DateTimeOffset storedBefore, bool dryRun)
    {
        var swept = new SweptBlobs();
        foreach (var file in new DirectoryInfo(backend.Incoming).EnumerateFiles())
        {
            // A file that was finished since it was listed says that it does not exist, and has no time.
            if (file.Exists && file.LastWriteTimeUtc < storedBefore)
            {
                swept = swept.Plus(1, file.Length);
                if (!dryRun)
                {
                    file.Delete();
                }
            }
        }

        return swept;
    }

    private async Task<SweptBlobs> SweepAsync<TKey>(string table, string key, TKey after, DateTimeOffset storedBefore, bool dryRun, CancellationToken cancellationToken)
    {
        var swept = new SweptBlobs();
        while (true)
        {
            await using var connection = await database.OpenAsync(cancellationToken);
            var found = (await connection.QueryAsync<(TKey Key, long Bytes)>(new CommandDefinition(
                $"SELECT b.{key}, b.bytes FROM {table} b WHERE b.{key} > @after AND {(dryRun ? WouldBeUnnamed(table) : Unnamed(table))} ORDER BY b.{key} LIMIT {Batch}",
                new { after, before = Micros.From(storedBefore), now = time.Now() }, cancellationToken: cancellationToken))).AsList();
            if (found.Count == 0)
            {
                return swept;
            }

            after = found[^1].Key;
            if (dryRun)
            {
                swept = swept.Plus(found.Count, found.Sum(blob => blob.Bytes));
                continue;
            }

            await using var transaction = await database.BeginAsync(connection, cancellationToken);
            var gone = (await connection.QueryAsync<(string Sha256, long Bytes)>(
                $"DELETE FROM {table} AS b WHERE b.{key} {rows.In("@ids")} AND {Unnamed(table)} RETURNING sha256, bytes",
                new { ids = rows.List(found.Select(blob => blob.Key)), before = Micros.From(storedBefore) }, transaction)).AsList();
            if (table == "blob")
            {
                await backend.DeleteAsync([.. gone.SelectMany(blob => Keys(BlobId.Parse(blob.Sha256), blob.Bytes))], cancellationToken);
            }

            await transaction.CommitAsync(cancellationToken);
            swept = swept.Plus(gone.Count, gone.Sum(blob => blob.Bytes));
        }
    }

    private async Task<SweptBlobs> PacksAsync(DateTimeOffset storedBefore, bool dryRun, CancellationToken cancellationToken)
    {
        // In a dry run a pack counts as empty when all that lies in it would go.
        var empty = dryRun
            ? $"NOT EXISTS (SELECT 1 FROM packed_blob b WHERE b.pack = blob_pack.number AND NOT ({WouldBeUnnamed("packed_blob")}))"
            : "NOT EXISTS (SELECT 1 FROM packed_blob b WHERE b.pack = blob_pack.number)";
        await using var connection = await database.OpenAsync(cancellationToken);
        var found = (await connection.QueryAsync<(string Pack, long Bytes)>(new CommandDefinition(
            $"SELECT pack, bytes FROM blob_pack WHERE stored_at < @before AND {empty}",
            new { before = Micros.From(storedBefore), now = time.Now() }, cancellationToken: cancellationToken))).AsList();
        var swept = new SweptBlobs();
        foreach (var (pack, bytes) in found)
        {
            if (!dryRun)
            {
                await using var transaction = await database.BeginAsync(connection, cancellationToken);
                if (await connection.ExecuteAsync(
                    $"DELETE FROM blob_pack WHERE pack = @pack AND stored_at < @before AND {empty}", new { pack, before = Micros.From(storedBefore) }, transaction) == 0)
                {
                    continue;
                }

                await backend.DeleteAsync([BlobKeys.OfPack(pack)], cancellationToken);
                await transaction.CommitAsync(cancellationToken);
            }

            swept = swept.Plus(1, bytes);
        }

        return swept;
    }

    private static IEnumerable<string> Keys(BlobId blob, long bytes) =>
        bytes < BlobStore.PackedBelow ? [BlobKeys.Of(blob)] : [BlobKeys.Of(blob), BlobKeys.OfSums(blob)];
}
