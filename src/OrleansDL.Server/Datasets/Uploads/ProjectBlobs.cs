using System.Text.Json;
using Dapper;
using OrleansDL.Blobs;
using OrleansDL.Database;

namespace OrleansDL.Datasets.Uploads;

/// <summary>Which bytes a project sent. To know a digest is not to have the bytes: only what a project sent itself may it commit by name.</summary>
internal sealed class ProjectBlobs(Db database, BlobStore blobs)
{
    /// <summary>What is asked of the database at once.</summary>
    public const int Batch = 4096;

    public async Task AddAsync(string project, IEnumerable<BlobId> sent, CancellationToken cancellationToken = default)
    {
        await using var connection = await database.OpenAsync(cancellationToken);

        // In the order of the key: a tree is written faster from left to right.
        foreach (var batch in sent.Distinct().OrderBy(blob => blob.Hex, StringComparer.Ordinal).Chunk(Batch))
        {
            await connection.ExecuteAsync(
                $"INSERT INTO project_blob (project, sha256) SELECT @project, asked.value FROM {Asked} WHERE TRUE ON CONFLICT DO NOTHING",
                new { project, digests = List(batch) });
        }
    }

    /// <summary>Those of some digests whose bytes the project sent and the store still has, with their sizes. They are kept from now on
    /// for the store's grace, as if they had just been sent.</summary>
    public async Task<IReadOnlyDictionary<BlobId, long>> FindAsync(string project, IEnumerable<BlobId> digests, CancellationToken cancellationToken = default)
    {
        var found = new Dictionary<BlobId, long>();
        await using var connection = await database.OpenAsync(cancellationToken);
        foreach (var batch in digests.Distinct().Chunk(Batch))
        {
            // SQLite keeps the order of a CROSS JOIN: the other way round it would go through the whole list for each blob of the project.
            var rows = await connection.QueryAsync<(string Sha256, long Bytes)>(
                $"""
                SELECT p.sha256, COALESCE(k.bytes, b.bytes) FROM {Asked}
                CROSS JOIN project_blob p
                LEFT JOIN packed_blob k ON {PackedBlobs.Same(database, "k.sha256", "p.sha256")} LEFT JOIN blob b ON b.sha256 = p.sha256
                WHERE p.project = @project AND p.sha256 = asked.value AND COALESCE(k.bytes, b.bytes) IS NOT NULL
                """,
                new { project, digests = List(batch) });
            foreach (var (sha256, bytes) in rows)
            {
                found[BlobId.Parse(sha256)] = bytes;
            }
        }

        var known = await blobs.KnownAsync(found.Keys, cancellationToken);
        foreach (var lost in found.Keys.Where(blob => !known.Contains(blob)).ToList())
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
              AND NOT EXISTS (SELECT 1 FROM blob b WHERE b.sha256 = project_blob.sha256)
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
