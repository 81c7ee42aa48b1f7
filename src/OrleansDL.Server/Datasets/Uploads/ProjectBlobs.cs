using System.Text.Json;
using Dapper;
using OrleansDL.Blobs;
using OrleansDL.Database;

namespace OrleansDL.Datasets.Uploads;

/// <summary>Which bytes a project sent, blob by blob or as whole packs. To know a digest is not to have the bytes: only what a project sent itself may it commit by name.</summary>
internal sealed class ProjectBlobs(Db database, BlobStore blobs, TimeProvider time)
{
    // What was stored or wanted a moment ago is not written down as wanted again: it costs a row each. A sweep's grace is hours.
    private static readonly TimeSpan Moment = TimeSpan.FromMinutes(5);

    /// <summary>What is asked of the database at once.</summary>
    public const int Batch = 4096;

    public async Task AddAsync(string project, IEnumerable<BlobId> sent, CancellationToken cancellationToken = default)
    {
        var all = sent.Distinct().OrderBy(blob => blob.Hex, StringComparer.Ordinal).ToList();
        if (all.Count == 0)
        {
            return;
        }

        await using var bulk = await database.OpenBulkAsync(cancellationToken);

        // In the order of the key: a tree is written faster from left to right.
        foreach (var batch in all.Chunk(Batch))
        {
            await bulk.Connection.ExecuteAsync(
                $"INSERT INTO project_blob (project, sha256) SELECT @project, asked.value FROM {Asked} WHERE TRUE ON CONFLICT DO NOTHING",
                new { project, digests = List(batch) });
        }
    }

    /// <summary>Those of some digests whose bytes the project sent and the store still has, with their sizes. They are kept from now on
    /// for the store's grace (less five minutes), as if they had just been sent.</summary>
    public async Task<IReadOnlyDictionary<BlobId, long>> FindAsync(string project, IEnumerable<BlobId> digests, CancellationToken cancellationToken = default)
    {
        var found = new Dictionary<BlobId, long>();
        var old = new List<BlobId>();
        var recent = Micros.From(time.GetUtcNow() - Moment);
        await using var connection = await database.OpenAsync(cancellationToken);
        foreach (var batch in digests.Distinct().Chunk(Batch))
        {
            // SQLite keeps the order of a CROSS JOIN: the other way round it would go through the whole list for each blob of the project.
            var packed = await connection.QueryAsync<(string Sha256, long Bytes, long StoredAt)>(
                $"""
                SELECT k.sha256, k.bytes, k.stored_at FROM {Asked}
                CROSS JOIN packed_blob k
                WHERE {PackedBlobs.Same(database, "k.sha256", "asked.value")} AND (
                  EXISTS (SELECT 1 FROM project_pack s WHERE s.pack = k.pack AND s.project = @project)
                  OR EXISTS (SELECT 1 FROM project_blob p WHERE p.project = @project AND p.sha256 = k.sha256))
                """,
                new { project, digests = List(batch) });
            foreach (var (sha256, bytes, storedAt) in packed)
            {
                var blob = BlobId.Parse(sha256);
                found[blob] = bytes;
                if (storedAt < recent)
                {
                    old.Add(blob);
                }
            }

            var rest = batch.Where(blob => !found.ContainsKey(blob)).ToList();
            if (rest.Count == 0)
            {
                continue;
            }

            foreach (var (sha256, bytes) in await connection.QueryAsync<(string Sha256, long Bytes)>(
                $"SELECT p.sha256, b.bytes FROM {Asked} CROSS JOIN project_blob p JOIN blob b ON b.sha256 = p.sha256 WHERE p.project = @project AND p.sha256 = asked.value",
                new { project, digests = List(rest) }))
            {
                var blob = BlobId.Parse(sha256);
                found[blob] = bytes;
                old.Add(blob);
            }
        }

        var known = await blobs.KnownAsync(old, cancellationToken);
        foreach (var lost in old.Where(blob => !known.Contains(blob)))
        {
            found.Remove(lost);
        }

        return found;
    }

    /// <summary>Forgets what a project sent of what the store does not have any more.</summary>
    public async Task ForgetAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await connection.ExecuteAsync(
            $"""
            DELETE FROM project_blob WHERE NOT EXISTS (SELECT 1 FROM packed_blob k WHERE {PackedBlobs.Same(database, "k.sha256", "project_blob.sha256")})
              AND NOT EXISTS (SELECT 1 FROM blob b WHERE b.sha256 = project_blob.sha256);
            DELETE FROM project_pack WHERE NOT EXISTS (SELECT 1 FROM blob_pack k WHERE k.number = project_pack.pack);
            """);
    }

    // One statement however many there are: SQLite takes the list as JSON, PostgreSQL as an array.
    private string Asked => database.IsPostgres ? "unnest(@digests) AS asked (value)" : "json_each(@digests) AS asked";

    private object List(IEnumerable<BlobId> digests)
    {
        var hex = digests.Select(digest => digest.Hex).ToArray();
        return database.IsPostgres ? hex : JsonSerializer.Serialize(hex);
    }
}
