using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Dapper;
using OrleansDL.Database;
using OrleansDL.Datasets.Jobs;

namespace OrleansDL.Datasets.Imports;

/// <summary>The rows of imports and of what they found: written by their grains and by whoever works on them.</summary>
internal sealed class ImportTable(Db database, TimeProvider time)
{
    private const string Columns = "document AS Document, status AS Status, objects AS Objects, objects_done AS ObjectsDone, bytes AS Bytes, bytes_done AS BytesDone";
    private const string ObjectColumns =
        "ordinal AS Ordinal, name AS Name, etag AS Etag, version_id AS VersionId, modified AS Modified, bytes AS Bytes, sha256 AS Sha256, fetched_at AS FetchedAt";

    /// <summary>Who works on them.</summary>
    public JobClaims Claims => new(database, time, "dataset_import");

    /// <summary>Writes what the grain knows; how far the work is stays.</summary>
    public async Task WriteAsync(string project, DatasetImport import)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            """
            INSERT INTO dataset_import (id, project, dataset, status, document, created_at, attempt, alive_until, objects, objects_done, bytes, bytes_done)
            VALUES (@id, @project, @dataset, @status, @document, @created, 0, 0, -1, 0, 0, 0)
            ON CONFLICT (id) DO UPDATE SET status = excluded.status, document = excluded.document
            """,
            new
            {
                id = import.Id.ToString(),
                project,
                dataset = import.Dataset.ToString(),
                status = (int)import.Status,
                document = JsonSerializer.Serialize(import, OdlJson.Options),
                created = Micros.From(import.CreatedAt),
            });
    }

    public async Task<DatasetImport?> FindAsync(Guid id)
    {
        await using var connection = await database.OpenAsync();
        return (await connection.QuerySingleOrDefaultAsync<Row>($"SELECT {Columns} FROM dataset_import WHERE id = @id", new { id = id.ToString() }))?.ToImport();
    }

    /// <summary>Newest first.</summary>
    public async Task<Page<DatasetImport>> ListAsync(Guid dataset, PageRequest page)
    {
        var token = PageTokens.Decode(page.Token, parts: 2);
        var before = token is null ? long.MaxValue : long.TryParse(token[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new InvalidException("The page token is not one that this list gave out. Leave it out to begin at the first page.");
        await using var connection = await database.OpenAsync();
        var rows = await connection.QueryAsync<Row>(
            $"""
            SELECT {Columns} FROM dataset_import WHERE dataset = @dataset AND (created_at < @before OR (created_at = @before AND id < @last))
            ORDER BY created_at DESC, id DESC LIMIT @limit
            """,
            new { dataset = dataset.ToString(), before, last = token?[1] ?? "", limit = page.CheckedSize() + 1 });
        return rows.Select(row => row.ToImport()).ToList().ToPage(
            page, import => [Micros.From(import.CreatedAt).ToString(CultureInfo.InvariantCulture), import.Id.ToString()]);
    }

    /// <summary>Whether the source was listed to its end.</summary>
    public async Task<bool> IsListedAsync(Guid id)
    {
        await using var connection = await database.OpenAsync();
        return await connection.ExecuteScalarAsync<long>("SELECT objects FROM dataset_import WHERE id = @id", new { id = id.ToString() }) >= 0;
    }

    public async Task ClearAsync(Guid id)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync("DELETE FROM dataset_import_object WHERE import = @id", new { id = id.ToString() });
    }

    public async Task AddAsync(Guid id, IReadOnlyList<ImportObject> objects)
    {
        await using var connection = await database.OpenAsync();
        await using var transaction = await database.BeginAsync(connection);
        await connection.ExecuteAsync(
            "INSERT INTO dataset_import_object (import, ordinal, name, etag, version_id, modified, bytes) VALUES (@id, @Ordinal, @Name, @Etag, @VersionId, @Modified, @Bytes)",
            objects.Select(found => new { id = id.ToString(), found.Ordinal, found.Name, found.Etag, found.VersionId, found.Modified, found.Bytes }).ToList(), transaction);
        await transaction.CommitAsync();
    }

    /// <summary>The list of objects is whole.</summary>
    public async Task ListedAsync(Guid id, long objects, long bytes)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            "UPDATE dataset_import SET objects = @objects, bytes = @bytes WHERE id = @id", new { id = id.ToString(), objects, bytes });
    }

    /// <summary>Objects in order, from one ordinal on.</summary>
    /// <param name="id">The import.</param>
    /// <param name="from">The first ordinal.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="missing">Only those whose bytes are not here.</param>
    public async Task<IReadOnlyList<ImportObject>> ObjectsAsync(Guid id, long from, int limit, bool missing)
    {
        await using var connection = await database.OpenAsync();
        return [.. await connection.QueryAsync<ImportObject>(
            $"SELECT {ObjectColumns} FROM dataset_import_object WHERE import = @id AND ordinal >= @from{(missing ? " AND sha256 IS NULL" : "")} ORDER BY ordinal LIMIT @limit",
            new { id = id.ToString(), from, limit })];
    }

    /// <summary>Writes down what is known of an object now.</summary>
    public async Task PinAsync(Guid id, ImportObject found)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            "UPDATE dataset_import_object SET etag = @Etag, modified = @Modified, bytes = @Bytes WHERE import = @id AND ordinal = @Ordinal",
            new { id = id.ToString(), found.Etag, found.Modified, found.Bytes, found.Ordinal });
        await connection.ExecuteAsync("UPDATE dataset_import SET bytes = @Bytes WHERE id = @id AND objects = 1", new { id = id.ToString(), found.Bytes });
    }

    /// <summary>So many bytes of an import's only object are durable.</summary>
    public async Task ProgressAsync(Guid id, long bytes)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync("UPDATE dataset_import SET bytes_done = @bytes WHERE id = @id", new { id = id.ToString(), bytes });
    }

    /// <summary>The bytes of objects are stored.</summary>
    public async Task StoredAsync(Guid id, IReadOnlyList<ImportObject> stored)
    {
        await using var connection = await database.OpenAsync();
        await using var transaction = await database.BeginAsync(connection);
        await connection.ExecuteAsync(
            "UPDATE dataset_import_object SET sha256 = @Sha256, bytes = @Bytes, fetched_at = @FetchedAt, etag = @Etag, version_id = @VersionId WHERE import = @id AND ordinal = @Ordinal",
            stored.Select(found => new { id = id.ToString(), found.Ordinal, found.Sha256, found.Bytes, found.FetchedAt, found.Etag, found.VersionId }).ToList(), transaction);
        await CountAsync(connection, transaction, id, stored.Count, stored.Sum(found => found.Bytes));
        await transaction.CommitAsync();
    }

    private static Task<int> CountAsync(DbConnection connection, DbTransaction transaction, Guid id, long objects, long bytes) => connection.ExecuteAsync(
        "UPDATE dataset_import SET bytes_done = CASE WHEN objects = 1 THEN @bytes ELSE bytes_done + @bytes END, objects_done = objects_done + @objects WHERE id = @id",
        new { id = id.ToString(), objects, bytes }, transaction);

    private sealed class Row
    {
        public string Document { get; set; } = "";
        public int Status { get; set; }
        public long Objects { get; set; }
        public long ObjectsDone { get; set; }
        public long Bytes { get; set; }
        public long BytesDone { get; set; }

        public DatasetImport ToImport() => JsonSerializer.Deserialize<DatasetImport>(Document, OdlJson.Options)! with
        {
            Objects = Math.Max(0, Objects),
            ObjectsDone = ObjectsDone,
            Bytes = Math.Max(0, Bytes),
            BytesDone = BytesDone,
        };
    }
}
