using Dapper;
using OrleansDL.Database;

namespace OrleansDL.Monitoring;

/// <summary>The table of feedback.</summary>
internal sealed class FeedbackStore(Db database)
{
    private const int RemovedAtOnce = 5000;

    /// <summary>The generations of those numbers that there are.</summary>
    public async Task<Dictionary<long, AnsweringGeneration>> GenerationsAsync(IReadOnlyCollection<long> numbers)
    {
        await using var connection = await database.OpenAsync();
        var rows = await connection.QueryAsync<AnsweringGeneration>(
            $"""
            SELECT number AS Number, project AS Project, deployment AS Deployment, model_name AS Model, model_version AS ModelVersion, created_at AS CreatedAt
            FROM replica_generation WHERE number {database.In("@numbers")}
            """,
            new { numbers = numbers.ToArray() });
        return rows.ToDictionary(row => row.Number);
    }

    /// <summary>Writes all rows or none. What is told later takes the place of what was told before; an answer that was told stays.</summary>
    public async Task WriteAsync(IReadOnlyCollection<FeedbackRow> rows)
    {
        await using var connection = await database.OpenAsync();
        await using var transaction = await database.BeginAsync(connection);
        await connection.ExecuteAsync(
            """
            INSERT INTO inference_feedback (inference, item, project, deployment, model, model_version, answered_at, given_at, label, value, answered_label, answered_value)
            VALUES (@Inference, @Item, @Project, @Deployment, @Model, @ModelVersion, @AnsweredAt, @GivenAt, @Label, @Value, @AnsweredLabel, @AnsweredValue)
            ON CONFLICT (inference, item) DO UPDATE SET
              given_at = excluded.given_at, label = excluded.label, value = excluded.value,
              answered_label = COALESCE(excluded.answered_label, inference_feedback.answered_label),
              answered_value = COALESCE(excluded.answered_value, inference_feedback.answered_value)
            WHERE excluded.given_at >= inference_feedback.given_at
            """,
            rows.OrderBy(row => row.Inference, StringComparer.Ordinal).ThenBy(row => row.Item), transaction);
        await transaction.CommitAsync();
    }

    /// <summary>A deployment's feedback, by the time of the answers.</summary>
    public async Task<Page<StoredFeedback>> ListAsync(Guid deployment, PageRequest page)
    {
        var size = page.CheckedSize();
        var (at, inference, item) = PageTokens.Decode(page.Token, parts: 3) is [var time, var id, var number]
            ? (long.Parse(time, System.Globalization.CultureInfo.InvariantCulture), id, long.Parse(number, System.Globalization.CultureInfo.InvariantCulture))
            : (-1L, "", -1L);
        await using var connection = await database.OpenAsync();
        var rows = (await connection.QueryAsync<FeedbackRow>(
            """
            SELECT inference AS Inference, item AS Item, project AS Project, deployment AS Deployment, model AS Model, model_version AS ModelVersion, answered_at AS AnsweredAt,
              given_at AS GivenAt, label AS Label, value AS Value, answered_label AS AnsweredLabel, answered_value AS AnsweredValue
            FROM inference_feedback WHERE deployment = @deployment AND (answered_at, inference, item) > (@at, @inference, @item)
            ORDER BY answered_at, inference, item LIMIT @limit
            """,
            new { deployment = deployment.ToString(), at, inference, item, limit = size + 1 })).Select(row => row.ToStored()).ToList();
        return rows.ToPage(page, row => [FormattableString.Invariant($"{Micros.From(row.AnsweredAt)}"), row.Feedback.InferenceId.ToString(), FormattableString.Invariant($"{row.Feedback.Row}")]);
    }

    /// <summary>Sums up feedback for answers given in a range of microseconds, by version and steps of a length (0: the whole range).</summary>
    public async Task<IEnumerable<FeedbackSum>> SumAsync(Guid deployment, long from, long to, long step)
    {
        await using var connection = await database.OpenAsync();
        return await connection.QueryAsync<FeedbackSum>(
            """
            SELECT CAST(answered_at / @step AS BIGINT) AS Step, model AS Model, model_version AS ModelVersion, COUNT(*) AS Count,
              COUNT(CASE WHEN label IS NOT NULL AND answered_label IS NOT NULL THEN 1 END) AS Judged,
              COUNT(CASE WHEN label = answered_label THEN 1 END) AS Correct,
              COUNT(CASE WHEN value IS NOT NULL AND answered_value IS NOT NULL THEN 1 END) AS Measured,
              COALESCE(SUM(ABS(value - answered_value)), 0.0) AS AbsoluteErrors,
              COALESCE(SUM((value - answered_value) * (value - answered_value)), 0.0) AS SquaredErrors
            FROM inference_feedback WHERE deployment = @deployment AND answered_at >= @from AND answered_at < @to
            GROUP BY 1, 2, 3
            """,
            new { deployment = deployment.ToString(), from, to, step = step == 0 ? long.MaxValue : step });
    }

    /// <summary>Removes feedback for answers given before a time, a few thousand at most.</summary>
    /// <returns>Whether there may be more.</returns>
    public async Task<bool> RemoveAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        return await connection.ExecuteAsync(
            """
            DELETE FROM inference_feedback WHERE (inference, item) IN (
              SELECT inference, item FROM inference_feedback WHERE answered_at < @before ORDER BY answered_at LIMIT @limit)
            """,
            new { before = Micros.From(before), limit = RemovedAtOnce }) == RemovedAtOnce;
    }
}
