using Dapper;
using OrleansDL.Database;

namespace OrleansDL.Blobs;

/// <summary>Copies what is still needed out of packs that are mostly garbage. The old packs are empty then, and go with the sweep.</summary>
/// <remarks>Killed before the rows move, it leaves a pack without a row, which is collected; killed after, an empty one.</remarks>
internal sealed class PackCompactor(Db database, IBlobBackend backend, BlobRows rows, Func<PackFile> newFile)
{
    private const long PackBytes = 64 << 20;

    public async Task<SweptBlobs> RunAsync(DateTimeOffset storedBefore, bool dryRun, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        var found = (await connection.QueryAsync<(string Pack, long Bytes, long Needed)>(new CommandDefinition(
            """
            SELECT p.pack, p.bytes, SUM(b.bytes) FROM blob_pack p JOIN packed_blob b ON b.pack = p.number
            WHERE p.stored_at < @before GROUP BY p.pack, p.bytes HAVING SUM(b.bytes + 44) * 2 < p.bytes
            """,
            new { before = Micros.From(storedBefore) }, cancellationToken: cancellationToken))).AsList();
        var swept = new SweptBlobs(found.Count, found.Sum(pack => pack.Bytes - pack.Needed));
        if (dryRun)
        {
            return swept;
        }

        var (file, from) = (newFile(), new List<string>());
        try
        {
            foreach (var (pack, _, needed) in found)
            {
                if (from.Count > 0 && file.Length + needed > PackBytes)
                {
                    await MoveAsync(file, from, cancellationToken);
                    file.Dispose();
                    (file, from) = (newFile(), []);
                }

                await CopyAsync(pack, file, cancellationToken);
                from.Add(pack);
            }

            if (file.Entries.Count > 0)
            {
                await MoveAsync(file, from, cancellationToken);
            }
        }
        finally
        {
            file.Dispose();
        }

        return swept;
    }

    // What is damaged is not copied: its row stays where it is, and with it the old pack.
    private async Task CopyAsync(string pack, PackFile file, CancellationToken cancellationToken)
    {
        using var stored = await backend.OpenAsync(BlobKeys.OfPack(pack), cancellationToken);
        foreach (var entry in stored is null ? [] : await rows.EntriesAsync(pack, cancellationToken))
        {
            if (await PackReader.ReadAsync(stored!, entry, cancellationToken) is { } bytes)
            {
                file.Add(entry.Blob, bytes);
            }
        }
    }

    private async Task MoveAsync(PackFile file, List<string> from, CancellationToken cancellationToken)
    {
        var (pack, bytes) = file.End();
        var key = BlobKeys.OfPack(pack);
        await backend.UploadAsync(file.Path, key, cancellationToken);
        await rows.MoveAsync(pack, bytes, file.Entries, from, () => backend.SettleAsync(file.Path, key, cancellationToken), cancellationToken);
    }
}
