using Dapper;
using OrleansDL.Database;

namespace OrleansDL.Monitoring;

/// <summary>The table of windows.</summary>
internal sealed class WindowStore(Db database)
{
    private const int RemovedAtOnce = 5000;

    /// <summary>Writes windows in place of what the same node wrote of them before.</summary>
    public async Task WriteAsync(IReadOnlyCollection<WindowRow> rows, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var transaction = await database.BeginAsync(connection, cancellationToken);
        await connection.ExecuteAsync(
            """
            INSERT INTO serving_window (deployment, window_start, generation, node, project, model, model_version, requests, errors, statuses, labels, latency, confidence, tokens, first_token, token_rate,
              shadow_compared, shadow_agreed, shadow_failed, shadow_dropped, shadow_latency, shadow_difference)
            VALUES (@Deployment, @WindowStart, @Generation, @Node, @Project, @Model, @ModelVersion, @Requests, @Errors, @Statuses, @Labels, @Latency, @Confidence, @Tokens, @FirstToken, @TokenRate,
              @ShadowCompared, @ShadowAgreed, @ShadowFailed, @ShadowDropped, @ShadowLatency, @ShadowDifference)
            ON CONFLICT (deployment, window_start, generation, node) DO UPDATE SET
              requests = excluded.requests, errors = excluded.errors, statuses = excluded.statuses, labels = excluded.labels,
              latency = excluded.latency, confidence = excluded.confidence, tokens = excluded.tokens, first_token = excluded.first_token, token_rate = excluded.token_rate,
              shadow_compared = excluded.shadow_compared, shadow_agreed = excluded.shadow_agreed, shadow_failed = excluded.shadow_failed,
              shadow_dropped = excluded.shadow_dropped, shadow_latency = excluded.shadow_latency, shadow_difference = excluded.shadow_difference
            """,
            rows, transaction);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Windows of a deployment that began in a range of microseconds, oldest first, one at a time.</summary>
    public async IAsyncEnumerable<WindowRow> ReadAsync(Guid deployment, long from, long to)
    {
        await using var connection = await database.OpenAsync();
        var rows = connection.QueryUnbufferedAsync<WindowRow>(
            """
            SELECT deployment AS Deployment, window_start AS WindowStart, generation AS Generation, node AS Node, project AS Project, model AS Model,
              model_version AS ModelVersion, requests AS Requests, errors AS Errors, statuses AS Statuses, labels AS Labels, latency AS Latency, confidence AS Confidence,
              tokens AS Tokens, first_token AS FirstToken, token_rate AS TokenRate, shadow_compared AS ShadowCompared, shadow_agreed AS ShadowAgreed,
              shadow_failed AS ShadowFailed, shadow_dropped AS ShadowDropped, shadow_latency AS ShadowLatency, shadow_difference AS ShadowDifference
            FROM serving_window WHERE deployment = @deployment AND window_start >= @from AND window_start < @to
            ORDER BY window_start, generation, node
            """,
            new { deployment = deployment.ToString(), from, to });
        await foreach (var row in rows)
        {
            yield return row;
        }
    }

    /// <summary>Removes windows that began before a time, a few thousand at most.</summary>
    /// <returns>Whether there may be more.</returns>
    public async Task<bool> RemoveAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        var removed = await connection.ExecuteAsync(
            """
            DELETE FROM serving_window WHERE (deployment, window_start, generation, node) IN (
              SELECT deployment, window_start, generation, node FROM serving_window WHERE window_start < @before ORDER BY window_start LIMIT @limit)
            """,
            new { before = Micros.From(before), limit = RemovedAtOnce });
        return removed == RemovedAtOnce;
    }
}
