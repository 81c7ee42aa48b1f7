namespace OrleansDL.Blobs;

/// <summary>Gives rows to what lies in a store without one: after a database was lost, or because a writer was killed between bytes and row.</summary>
internal sealed class BlobIndexer(IBlobBackend backend, BlobRows rows)
{
    private const int Batch = 1000;

    /// <param name="olderThan">Younger objects are left alone: their writer may be about to name them.</param>
    /// <param name="dryRun">Only counts.</param>
    /// <param name="abandoned">Told of what was uploaded straight to the store and never became a blob.</param>
    public async Task<BlobIndexReport> RunAsync(
        DateTimeOffset olderThan, bool dryRun, Func<StoredObject, Task>? abandoned = null, CancellationToken cancellationToken = default)
    {
        var report = new BlobIndexReport();
        var batch = new List<StoredObject>(Batch);
        await foreach (var stored in backend.ListAsync(cancellationToken))
        {
            if (stored.ModifiedAt >= olderThan)
            {
                continue;
            }

            if (BlobKeys.IsUpload(stored.Key) && abandoned is not null)
            {
                await abandoned(stored);
                continue;
            }

            batch.Add(stored);
            if (batch.Count == Batch)
            {
                report = await NameAsync(report, batch, dryRun, cancellationToken);
                batch.Clear();
            }
        }

        return await NameAsync(report, batch, dryRun, cancellationToken);
    }

    private async Task<BlobIndexReport> NameAsync(BlobIndexReport report, List<StoredObject> batch, bool dryRun, CancellationToken cancellationToken)
    {
        var blobs = batch.Select(stored => (Blob: BlobKeys.BlobOf(stored.Key), Stored: stored)).Where(found => found.Blob is not null)
            .ToDictionary(found => found.Blob!.Value.Hex, found => found.Stored, StringComparer.Ordinal);
        foreach (var known in await rows.WithRowAsync("blob", "sha256", blobs.Keys, cancellationToken))
        {
            blobs.Remove(known);
        }

        var packs = batch.Select(stored => (Pack: BlobKeys.PackOf(stored.Key), Stored: stored)).Where(found => found.Pack is not null)
            .ToDictionary(found => found.Pack!, found => found.Stored, StringComparer.Ordinal);
        foreach (var known in await rows.WithRowAsync("blob_pack", "pack", packs.Keys, cancellationToken))
        {
            packs.Remove(known);
        }

        var damaged = new List<string>();
        foreach (var (pack, stored) in packs)
        {
            using var file = await backend.OpenAsync(stored.Key, cancellationToken);
            if (file is null)
            {
                continue;
            }

            if (await PackReader.IndexAsync(file, pack, cancellationToken) is not { } entries)
            {
                damaged.Add(stored.Key);
            }
            else if (!dryRun)
            {
                await rows.AdoptPackAsync(pack, file.Length, entries, stored.ModifiedAt, cancellationToken);
            }
        }

        if (!dryRun)
        {
            await rows.AdoptAsync(blobs, cancellationToken);
        }

        return report with { Blobs = report.Blobs + blobs.Count, Packs = report.Packs + packs.Count - damaged.Count, Damaged = [.. report.Damaged, .. damaged] };
    }
}
