using Dapper;
using OrleansDL.Database;

namespace OrleansDL.Blobs;

/// <summary>Removes what one owner alone refers to at once, whatever its age. A pack is written anew without it.</summary>
internal sealed class BlobRemoval(Db database, IBlobBackend backend, BlobCache cache, BlobRows rows, Func<PackFile> newPack)
{
    private const string Others = "r.owner <> @owner";
    private static readonly string Unnamed = $"NOT {BlobRows.Named("blob", Others)}";
    private static readonly string UnnamedPacked = $"NOT {BlobRows.Named("packed_blob", Others)}";

    /// <returns>How many blobs went, and their bytes.</returns>
    public async Task<SweptBlobs> RemoveAsync(string owner, IReadOnlyCollection<BlobId> blobs, CancellationToken cancellationToken)
    {
        var swept = new SweptBlobs();
        var packs = new HashSet<string>(StringComparer.Ordinal);
        foreach (var batch in blobs.Distinct().Select(blob => blob.Hex).Chunk(256))
        {
            await using var connection = await database.OpenAsync(cancellationToken);
            packs.UnionWith(await connection.QueryAsync<string>(
                $"SELECT DISTINCT p.pack FROM packed_blob b JOIN blob_pack p ON p.number = b.pack WHERE b.id IN {rows.PackedIds} AND {UnnamedPacked}", new { owner, ids = rows.List(batch) }));
            await using var transaction = await database.BeginAsync(connection, cancellationToken);
            var loose = (await connection.QueryAsync<(string Sha256, long Bytes)>(
                $"DELETE FROM blob AS b WHERE b.sha256 {rows.In("@ids")} AND {Unnamed} RETURNING sha256, bytes", new { owner, ids = rows.List(batch) }, transaction)).AsList();
            await backend.DeleteAsync([.. loose.SelectMany(blob => new[] { BlobKeys.Of(BlobId.Parse(blob.Sha256)), BlobKeys.OfSums(BlobId.Parse(blob.Sha256)) })], cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            swept = swept.Plus(loose.Count, loose.Sum(blob => blob.Bytes));
        }

        foreach (var pack in packs)
        {
            var before = await rows.EntriesAsync(pack, cancellationToken);
            var going = (await UnnamedAsync(owner, before.Select(entry => entry.Blob.Hex), blobs, cancellationToken)).ToHashSet();
            await RewriteAsync(owner, pack, [.. before.Where(entry => !going.Contains(entry.Blob))], cancellationToken);
            swept = swept.Plus(going.Count, before.Where(entry => going.Contains(entry.Blob)).Sum(entry => (long)entry.Bytes));
        }

        foreach (var blob in blobs)
        {
            cache.Remove(blob.Hex);
        }

        return swept;
    }

    private async Task<IEnumerable<BlobId>> UnnamedAsync(string owner, IEnumerable<string> packed, IEnumerable<BlobId> wanted, CancellationToken cancellationToken)
    {
        var ids = packed.Intersect(wanted.Select(blob => blob.Hex), StringComparer.Ordinal).ToList();
        await using var connection = await database.OpenAsync(cancellationToken);
        return (await connection.QueryAsync<string>($"SELECT b.sha256 FROM packed_blob b WHERE b.id IN {rows.PackedIds} AND {UnnamedPacked}", new { owner, ids = rows.List(ids) })).Select(BlobId.Parse).ToList();
    }

    // What stays is copied first and named at its new place; then the old pack goes with the rows that still name it.
    private async Task RewriteAsync(string owner, string pack, IReadOnlyList<PackEntry> stays, CancellationToken cancellationToken)
    {
        var key = BlobKeys.OfPack(pack);
        if (stays.Count > 0 && await backend.OpenAsync(key, cancellationToken) is { } old)
        {
            using (old)
            {
                using var file = newPack();
                foreach (var entry in stays)
                {
                    var bytes = new byte[entry.Bytes];
                    await old.ReadAsync(entry.Position, bytes, cancellationToken);
                    file.Add(entry.Blob, bytes);
                }

                var (id, length) = file.End();
                await backend.UploadAsync(file.Path, BlobKeys.OfPack(id), cancellationToken);
                await rows.MoveAsync(id, length, file.Entries, [pack], () => backend.SettleAsync(file.Path, BlobKeys.OfPack(id), cancellationToken), cancellationToken);
            }
        }

        await using var connection = await database.OpenAsync(cancellationToken);
        await using var transaction = await database.BeginAsync(connection, cancellationToken);
        await BlobRows.DropPackedAsync(
            connection, transaction, $"b.pack = (SELECT number FROM blob_pack WHERE pack = @pack) AND {UnnamedPacked}", new { owner, pack });

        // What somebody came to need meanwhile keeps the pack.
        var gone = await connection.ExecuteAsync(
            "DELETE FROM blob_pack WHERE pack = @pack AND NOT EXISTS (SELECT 1 FROM packed_blob b WHERE b.pack = blob_pack.number)", new { pack }, transaction);
        if (gone > 0)
        {
            await backend.DeleteAsync([key], cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }
}
