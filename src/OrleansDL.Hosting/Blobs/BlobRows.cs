using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Dapper;
using OrleansDL.Database;

namespace OrleansDL.Blobs;

/// <summary>The rows that name blobs and packs. Many rows travel in one statement.</summary>
internal sealed class BlobRows(Db database, TimeProvider time)
{
    /// <summary>Most rows of one statement.</summary>
    public const int Batch = 8192;

    /// <summary>The condition that a column is one of the hexadecimal ids in a parameter made by <see cref="List"/>.</summary>
    public string In(string parameter) => database.IsPostgres ? $"= ANY({parameter})" : $"IN (SELECT value FROM json_each({parameter}))";

    /// <summary>The hexadecimal ids in the parameter <c>@ids</c> as rows of one column, <c>sha256</c>.</summary>
    public string Ids => database.IsPostgres ? "(SELECT unnest(@ids) AS sha256)" : "(SELECT value AS sha256 FROM json_each(@ids))";

    /// <summary>The numbers of the packed blobs among the ids in <c>@ids</c>.</summary>
    public string PackedIds => $"(SELECT p.id FROM {Ids} i CROSS JOIN packed_blob p WHERE {Same("p.sha256", "i.sha256")})";

    /// <summary>The condition that a blob <c>b</c> of a table is referred to.</summary>
    /// <param name="more">What else must hold of the reference <c>r</c>.</param>
    public static string Named(string table, string more = "TRUE")
    {
        var byDigest = $"EXISTS (SELECT 1 FROM blob_reference r WHERE r.sha256 = b.sha256 AND {more})";
        return table == "packed_blob" ? $"(EXISTS (SELECT 1 FROM packed_reference r WHERE r.blob = b.id AND {more}) OR {byDigest})" : byDigest;
    }

    /// <inheritdoc cref="PackedBlobs.Same"/>
    public string Same(string packed, string other) => PackedBlobs.Same(database, packed, other);

    /// <summary>A list as one parameter: an array, or JSON for SQLite.</summary>
    public object List<T>(IEnumerable<T> values) => database.IsPostgres ? values.ToArray() : JsonSerializer.Serialize(values);

    /// <summary>Says of blobs that they are wanted again, so that no sweep takes them within its grace.</summary>
    /// <returns>Which of them have a row: in packs, and on their own.</returns>
    public async Task<(List<string> Packed, List<(string Sha256, long Bytes)> Loose)> RenewAsync(IEnumerable<BlobId> blobs, CancellationToken cancellationToken)
    {
        var ids = new { ids = List(blobs.Select(blob => blob.Hex)), now = time.Now() };
        await using (var connection = await database.OpenAsync(cancellationToken))
        {
            if (!await connection.ExecuteScalarAsync<bool>(AnyRow, ids))
            {
                // So it is with new data: to find that out nobody need wait for who writes.
                return ([], []);
            }
        }

        await using var bulk = await database.OpenBulkAsync(cancellationToken);
        await using var transaction = await database.BeginAsync(bulk.Connection, cancellationToken);
        var packed = await bulk.Connection.QueryAsync<string>(
            $"UPDATE packed_blob SET stored_at = @now WHERE {(database.IsPostgres ? $"sha256 {Locked("packed_blob")}" : $"id IN {PackedIds}")} RETURNING sha256", ids, transaction);
        var loose = await bulk.Connection.QueryAsync<(string, long)>(
            $"UPDATE blob SET stored_at = @now WHERE sha256 {Locked("blob")} RETURNING sha256, bytes", ids, transaction);
        await transaction.CommitAsync(cancellationToken);
        return (packed.AsList(), loose.AsList());
    }

    /// <summary>Names a blob that lies on its own.</summary>
    /// <param name="settle">Puts the bytes in place; while it runs no sweep can take them.</param>
    public async Task KeepAsync(BlobRef blob, Func<Task> settle, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var transaction = await database.BeginAsync(connection, cancellationToken);
        await connection.ExecuteAsync(
            "INSERT INTO blob (sha256, bytes, stored_at) VALUES (@sha256, @bytes, @now) ON CONFLICT (sha256) DO UPDATE SET stored_at = excluded.stored_at",
            new { sha256 = blob.Blob.Hex, bytes = blob.Bytes, now = time.Now() }, transaction);
        await settle();
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Names a pack and the blobs in it. A blob that lies in another pack already stays there.</summary>
    /// <param name="project">Who sent all that is in it; null when nobody did.</param>
    /// <param name="settle">Puts the bytes in place; while it runs no sweep can take them.</param>
    /// <returns>The blobs that lie elsewhere, for which the pack says nothing.</returns>
    public async Task<IReadOnlyList<BlobId>> KeepPackAsync(
        string pack, long bytes, IReadOnlyList<PackEntry> entries, string? project, Func<Task> settle, CancellationToken cancellationToken)
    {
        await using var bulk = await database.OpenBulkAsync(cancellationToken);
        var connection = bulk.Connection;
        await using var transaction = await database.BeginAsync(connection, cancellationToken);
        var number = await AddPackAsync(connection, transaction, pack, bytes);
        await settle();
        var elsewhere = new List<string>();
        foreach (var batch in InOrder(entries).Chunk(Batch))
        {
            var parameters = Parameters(batch, number);
            var insert = $"INSERT INTO packed_blob (sha256, pack, position, bytes, stored_at) SELECT v.sha256, @number, v.position, v.bytes, @now FROM {Values} v";
            if (database.IsPostgres)
            {
                elsewhere.AddRange((await connection.QueryAsync<(string Sha256, long Pack)>(
                    $"{insert} WHERE TRUE ON CONFLICT (sha256) DO UPDATE SET stored_at = excluded.stored_at RETURNING sha256, pack", parameters, transaction))
                    .Where(row => row.Pack != number).Select(row => row.Sha256));
            }
            else if (await connection.ExecuteAsync($"{insert} WHERE {NotPacked}", parameters, transaction) < batch.Length)
            {
                // SQLite has no unique index to conflict with; it has one writer at a time.
                elsewhere.AddRange((await connection.QueryAsync<(string Sha256, long Pack)>(
                    $"UPDATE packed_blob SET stored_at = @now WHERE id IN (SELECT k.id FROM {Places} k) RETURNING sha256, pack", parameters, transaction))
                    .Where(row => row.Pack != number).Select(row => row.Sha256));
            }
        }

        if (project is not null)
        {
            await connection.ExecuteAsync("INSERT INTO project_pack (pack, project) VALUES (@number, @project) ON CONFLICT DO NOTHING", new { number, project }, transaction);
        }

        await transaction.CommitAsync(cancellationToken);
        return [.. elsewhere.Select(BlobId.Parse)];
    }

    /// <summary>Names a pack into which blobs of other packs were copied, and says of each that it lies there now, if it is still wanted.</summary>
    public async Task MoveAsync(string pack, long bytes, IReadOnlyList<PackEntry> entries, IEnumerable<string> from, Func<Task> settle, CancellationToken cancellationToken)
    {
        await using var bulk = await database.OpenBulkAsync(cancellationToken);
        var connection = bulk.Connection;
        await using var transaction = await database.BeginAsync(connection, cancellationToken);
        var number = await AddPackAsync(connection, transaction, pack, bytes);
        await settle();

        // The new pack has not one sender: what one sent is said of each blob from now on.
        await connection.ExecuteAsync(
            $"""
            INSERT INTO project_blob (project, sha256)
            SELECT s.project, b.sha256 FROM blob_pack p JOIN project_pack s ON s.pack = p.number JOIN packed_blob b ON b.pack = p.number WHERE p.pack {In("@from")}
            ON CONFLICT DO NOTHING
            """,
            new { from = List(from) }, transaction);
        foreach (var batch in InOrder(entries).Chunk(Batch))
        {
            var parameters = Parameters(batch, number);
            parameters.Add("from", List(from));
            await connection.ExecuteAsync(
                $"""
                UPDATE packed_blob SET pack = @number, position = k.position FROM {Places} k
                WHERE packed_blob.id = k.id AND +packed_blob.pack IN (SELECT number FROM blob_pack WHERE pack {In("@from")})
                """,
                parameters, transaction);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Where a blob lies, if it lies in a pack.</summary>
    public async Task<PackPlace?> FindPlaceAsync(BlobId blob, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        var found = await connection.QueryAsync<(string, long, long)>(new CommandDefinition(
            $"SELECT p.pack, b.position, b.bytes FROM packed_blob b JOIN blob_pack p ON p.number = b.pack WHERE {Same("b.sha256", "@sha256")}",
            new { sha256 = blob.Hex }, cancellationToken: cancellationToken));
        return found.Select(row => (PackPlace?)new PackPlace(row.Item1, row.Item2, (int)row.Item3)).FirstOrDefault();
    }

    /// <summary>Which of many ids a table has a row of.</summary>
    public async Task<IReadOnlyList<string>> WithRowAsync(string table, string column, IEnumerable<string> ids, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        return [.. await connection.QueryAsync<string>(new CommandDefinition(
            $"SELECT {column} FROM {table} WHERE {column} {In("@ids")}", new { ids = List(ids) }, cancellationToken: cancellationToken))];
    }

    /// <summary>Names blobs that lie in the store without a row.</summary>
    public async Task AdoptAsync(IReadOnlyDictionary<string, StoredObject> blobs, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var transaction = await database.BeginAsync(connection, cancellationToken);
        await connection.ExecuteAsync(
            "INSERT INTO blob (sha256, bytes, stored_at) VALUES (@sha256, @bytes, @at) ON CONFLICT DO NOTHING",
            blobs.Select(blob => new { sha256 = blob.Key, bytes = blob.Value.Bytes, at = Micros.From(blob.Value.ModifiedAt) }).ToList(), transaction);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Names a pack that lies in the store without a row, and what is in it and lies nowhere else.</summary>
    public async Task AdoptPackAsync(string pack, long bytes, IReadOnlyList<PackEntry> entries, DateTimeOffset storedAt, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var transaction = await database.BeginAsync(connection, cancellationToken);
        var number = await AddPackAsync(connection, transaction, pack, bytes, Micros.From(storedAt));
        foreach (var batch in InOrder(entries).Chunk(Batch))
        {
            await connection.ExecuteAsync(
                $"""
                INSERT INTO packed_blob (sha256, pack, position, bytes, stored_at)
                SELECT v.sha256, @number, v.position, v.bytes, @now FROM {Values} v
                WHERE NOT EXISTS (SELECT 1 FROM blob b WHERE b.sha256 = v.sha256) AND {NotPacked}
                ON CONFLICT DO NOTHING
                """,
                Parameters(batch, number, Micros.From(storedAt)), transaction);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Every blob, on its own or in a pack.</summary>
    public async IAsyncEnumerable<BlobRef> AllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var blob in LooseAsync(cancellationToken))
        {
            yield return blob;
        }

        await foreach (var blob in ReadAsync("packed_blob", "id", 0L, cancellationToken))
        {
            yield return blob;
        }
    }

    /// <summary>Every blob that lies on its own.</summary>
    public IAsyncEnumerable<BlobRef> LooseAsync(CancellationToken cancellationToken) => ReadAsync("blob", "sha256", "", cancellationToken);

    /// <summary>Every pack: its id and length.</summary>
    public async Task<IReadOnlyList<(string Pack, long Bytes)>> PacksAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        return [.. await connection.QueryAsync<(string, long)>(new CommandDefinition("SELECT pack, bytes FROM blob_pack", cancellationToken: cancellationToken))];
    }

    /// <summary>How many blobs lie on their own and how many packs there are.</summary>
    public async Task<long> CountObjectsAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT (SELECT COUNT(*) FROM blob) + (SELECT COUNT(*) FROM blob_pack)", cancellationToken: cancellationToken));
    }

    /// <summary>Who needs a blob; 10 at most.</summary>
    public async Task<IReadOnlyList<string>> OwnersAsync(BlobId blob, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        return [.. await connection.QueryAsync<string>(new CommandDefinition(
            $"""
            SELECT owner FROM blob_reference WHERE sha256 = @sha256
            UNION SELECT r.owner FROM packed_blob p JOIN packed_reference r ON r.blob = p.id WHERE {Same("p.sha256", "@sha256")} ORDER BY owner LIMIT 10
            """,
            new { sha256 = blob.Hex }, cancellationToken: cancellationToken))];
    }

    /// <summary>Removes the rows of a blob whose bytes are lost; what refers to it still does.</summary>
    /// <param name="delete">Removes its bytes, while the row is locked.</param>
    public async Task ForgetAsync(BlobId blob, Func<Task> delete, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var transaction = await database.BeginAsync(connection, cancellationToken);
        await DropPackedAsync(connection, transaction, Same("b.sha256", "@sha256"), new { sha256 = blob.Hex });
        if (await connection.ExecuteAsync("DELETE FROM blob WHERE sha256 = @sha256", new { sha256 = blob.Hex }, transaction) > 0)
        {
            await delete();
        }

        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Removes rows <c>b</c> of packed blobs. What refers to them still does, by their digests.</summary>
    public static async Task DropPackedAsync(DbConnection connection, DbTransaction transaction, string condition, object parameters)
    {
        await connection.ExecuteAsync(
            $"""
            INSERT INTO blob_reference (owner, sha256) SELECT r.owner, b.sha256 FROM packed_blob b JOIN packed_reference r ON r.blob = b.id WHERE {condition}
            ON CONFLICT DO NOTHING
            """,
            parameters, transaction);
        await connection.ExecuteAsync($"DELETE FROM packed_reference WHERE blob IN (SELECT b.id FROM packed_blob b WHERE {condition})", parameters, transaction);
        await connection.ExecuteAsync($"DELETE FROM packed_blob AS b WHERE {condition}", parameters, transaction);
    }

    /// <summary>What lies in a pack and has a row.</summary>
    public async Task<IReadOnlyList<PackEntry>> EntriesAsync(string pack, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        return [.. (await connection.QueryAsync<(string Sha256, long Position, long Bytes)>(new CommandDefinition(
            "SELECT b.sha256, b.position, b.bytes FROM packed_blob b JOIN blob_pack p ON p.number = b.pack WHERE p.pack = @pack ORDER BY b.position",
            new { pack }, cancellationToken: cancellationToken))).Select(row => new PackEntry(BlobId.Parse(row.Sha256), row.Position, (int)row.Bytes))];
    }

    // Page by page, so that no read transaction stays open while the caller works.
    private async IAsyncEnumerable<BlobRef> ReadAsync<TKey>(string table, string key, TKey after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            List<(TKey Key, string Sha256, long Bytes)> page;
            await using (var connection = await database.OpenAsync(cancellationToken))
            {
                page = (await connection.QueryAsync<(TKey, string, long)>(new CommandDefinition(
                    $"SELECT {key}, sha256, bytes FROM {table} WHERE {key} > @after ORDER BY {key} LIMIT {Batch}", new { after }, cancellationToken: cancellationToken))).AsList();
            }

            foreach (var (_, sha256, bytes) in page)
            {
                yield return new BlobRef { Blob = BlobId.Parse(sha256), Bytes = bytes };
            }

            if (page.Count < Batch)
            {
                yield break;
            }

            after = page[^1].Key;
        }
    }

    // PostgreSQL would go through a whole table for a condition with OR.
    private string AnyRow => !database.IsPostgres
        ? $"""
        SELECT EXISTS (SELECT 1 FROM {Ids} i WHERE EXISTS (SELECT 1 FROM packed_blob p WHERE {Same("p.sha256", "i.sha256")}) OR EXISTS (SELECT 1 FROM blob b WHERE b.sha256 = i.sha256))
        """
        : $"""
        SELECT EXISTS (SELECT 1 FROM {Ids} i CROSS JOIN packed_blob p WHERE {Same("p.sha256", "i.sha256")})
            OR EXISTS (SELECT 1 FROM {Ids} i CROSS JOIN blob b WHERE b.sha256 = i.sha256)
        """;

    private async Task<long> AddPackAsync(DbConnection connection, DbTransaction transaction, string pack, long bytes, long? storedAt = null) =>
        await connection.ExecuteScalarAsync<long>(
            "INSERT INTO blob_pack (pack, bytes, stored_at) VALUES (@pack, @bytes, @now) ON CONFLICT (pack) DO UPDATE SET stored_at = excluded.stored_at RETURNING number",
            new { pack, bytes, now = storedAt ?? time.Now() }, transaction);

    // Two writers of the same blobs take the rows in the same order, and so never wait for each other in a circle.
    private string Locked(string table) =>
        database.IsPostgres ? $"IN (SELECT sha256 FROM {table} WHERE sha256 = ANY(@ids) ORDER BY sha256 FOR UPDATE)" : In("@ids");

    // Rows in the order of their key touch each page of the index once.
    private static IEnumerable<PackEntry> InOrder(IEnumerable<PackEntry> entries) => entries.DistinctBy(entry => entry.Blob).OrderBy(entry => entry.Blob.Hex, StringComparer.Ordinal);

    // A row is one text, whose parts are found by their places: to look into JSON for each takes longer than to write the row.
    private string Values => database.IsPostgres
        ? "(SELECT substr(e, 1, 64) AS sha256, substr(e, 65, 16)::bigint AS position, substr(e, 81)::bigint AS bytes FROM unnest(@rows) AS e)"
        : "(SELECT substr(value, 1, 64) AS sha256, CAST(substr(value, 65, 16) AS INTEGER) AS position, CAST(substr(value, 81) AS INTEGER) AS bytes FROM json_each(@rows))";

    // Of those of the values that have a row: its number, and where the value says that it lies.
    private string Places => $"(SELECT p.id, v.position FROM {Values} v CROSS JOIN packed_blob p WHERE {Same("p.sha256", "v.sha256")})";

    private string NotPacked => $"NOT EXISTS (SELECT 1 FROM packed_blob p WHERE {Same("p.sha256", "v.sha256")})";

    private DynamicParameters Parameters(PackEntry[] entries, long number, long? storedAt = null) => new(new
    {
        number,
        now = storedAt ?? time.Now(),
        rows = List(entries.Select(entry => string.Create(CultureInfo.InvariantCulture, $"{entry.Blob.Hex}{entry.Position:d16}{entry.Bytes}"))),
    });
}
