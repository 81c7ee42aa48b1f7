using System.Globalization;
using System.Text.Json;
using Dapper;
using OrleansDL.Database;
using OrleansDL.Datasets.Jobs;

namespace OrleansDL.Datasets.BatchPredictions;

/// <summary>The rows of batch predictions and of their parts: written by their grains and by whoever works on them.</summary>
internal sealed class BatchPredictionTable(Db database, TimeProvider time)
{
    private const string Columns =
        "document AS Document, status AS Status, (SELECT COALESCE(SUM(p.rows), 0) FROM batch_prediction_part p WHERE p.job = batch_prediction.id) AS RowsDone";

    /// <summary>Who works on them.</summary>
    public JobClaims Claims => new(database, time, "batch_prediction");

    /// <summary>Writes what the grain knows.</summary>
    public async Task WriteAsync(BatchPrediction prediction)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            """
            INSERT INTO batch_prediction (id, project, status, document, created_at, attempt, alive_until) VALUES (@id, @project, @status, @document, @created, 0, 0)
            ON CONFLICT (id) DO UPDATE SET status = excluded.status, document = excluded.document
            """,
            new
            {
                id = prediction.Id.ToString(),
                project = prediction.Project,
                status = (int)prediction.Status,
                document = JsonSerializer.Serialize(prediction, OdlJson.Options),
                created = Micros.From(prediction.CreatedAt),
            });
    }

    public async Task<BatchPrediction?> FindAsync(Guid id)
    {
        await using var connection = await database.OpenAsync();
        return (await connection.QuerySingleOrDefaultAsync<Row>($"SELECT {Columns} FROM batch_prediction WHERE id = @id", new { id = id.ToString() }))?.ToPrediction();
    }

    /// <summary>Newest first.</summary>
    public async Task<Page<BatchPrediction>> ListAsync(string project, PageRequest page)
    {
        var token = PageTokens.Decode(page.Token, parts: 2);
        var before = token is null ? long.MaxValue : long.TryParse(token[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new InvalidException("The page token is not one that this list gave out. Leave it out to begin at the first page.");
        await using var connection = await database.OpenAsync();
        var rows = await connection.QueryAsync<Row>(
            $"""
            SELECT {Columns} FROM batch_prediction WHERE project = @project AND (created_at < @before OR (created_at = @before AND id < @last))
            ORDER BY created_at DESC, id DESC LIMIT @limit
            """,
            new { project, before, last = token?[1] ?? "", limit = page.CheckedSize() + 1 });
        return rows.Select(row => row.ToPrediction()).ToList().ToPage(
            page, prediction => [Micros.From(prediction.CreatedAt).ToString(CultureInfo.InvariantCulture), prediction.Id.ToString()]);
    }

    /// <summary>Those that are under way.</summary>
    public async Task<IReadOnlyList<BatchPrediction>> RunningAsync(string project)
    {
        await using var connection = await database.OpenAsync();
        return [.. (await connection.QueryAsync<Row>($"SELECT {Columns} FROM batch_prediction WHERE project = @project AND status = 0", new { project })).Select(row => row.ToPrediction())];
    }

    /// <summary>Writes down a part that is done.</summary>
    /// <returns>False when the attempt is no longer the one that counts.</returns>
    public async Task<bool> AddPartAsync(Guid id, long attempt, BatchPredictionPart part)
    {
        await using var connection = await database.OpenAsync();
        return await connection.ExecuteAsync(
            """
            INSERT INTO batch_prediction_part (job, ordinal, rows, sha256, bytes, models)
            SELECT @id, @Ordinal, @Rows, @Sha256, @Bytes, @Models FROM batch_prediction WHERE id = @id AND status = 0 AND attempt = @attempt
            ON CONFLICT DO NOTHING
            """,
            new { id = id.ToString(), attempt, part.Ordinal, part.Rows, part.Sha256, part.Bytes, part.Models }) > 0;
    }

    /// <summary>The parts that are done, in order.</summary>
    public async Task<IReadOnlyList<BatchPredictionPart>> PartsAsync(Guid id)
    {
        await using var connection = await database.OpenAsync();
        return [.. await connection.QueryAsync<BatchPredictionPart>(
            "SELECT ordinal AS Ordinal, rows AS Rows, sha256 AS Sha256, bytes AS Bytes, models AS Models FROM batch_prediction_part WHERE job = @id ORDER BY ordinal",
            new { id = id.ToString() })];
    }

    public async Task ClearAsync(Guid id)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync("DELETE FROM batch_prediction_part WHERE job = @id", new { id = id.ToString() });
    }

    private sealed class Row
    {
        public string Document { get; set; } = "";
        public int Status { get; set; }
        public long RowsDone { get; set; }

        public BatchPrediction ToPrediction()
        {
            var prediction = JsonSerializer.Deserialize<BatchPrediction>(Document, OdlJson.Options)!;
            return prediction.Status is BatchPredictionStatus.Running ? prediction with { RowsDone = RowsDone } : prediction;
        }
    }
}
