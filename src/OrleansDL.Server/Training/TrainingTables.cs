using System.Data.Common;
using System.Text;
using System.Text.Json;
using Dapper;
using OrleansDL.Database;

namespace OrleansDL.Training;

/// <summary>The tables of training: what is listed, searched and drawn. Each run's rows are written by its grain alone.</summary>
internal sealed class TrainingTables(Db database, TimeProvider time)
{
    /// <summary>Log lines kept of one run; the oldest go first.</summary>
    public const int KeptLines = 20_000;
    private const int RowsPerStatement = 100;

    /// <summary>Writes a run's row; how far its reports got stays as it is.</summary>
    public async Task WriteAsync(TrainingRun run)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            """
            INSERT INTO training_run (id, project, name, status, created_at, document, attempt, report_sequence, log_number)
            VALUES (@id, @Project, @Name, @status, @createdAt, @document, 0, 0, 0)
            ON CONFLICT (id) DO UPDATE SET name = excluded.name, status = excluded.status, document = excluded.document
            """,
            new
            {
                id = run.Id.ToString(),
                run.Project,
                run.Name,
                status = (int)run.Status,
                createdAt = Micros.From(run.CreatedAt),
                document = JsonSerializer.Serialize(run with { Progress = null }, OdlJson.Options),
            });
    }

    /// <summary>Makes room for an attempt: what older ones reported beyond the step it goes on from did not happen.</summary>
    public async Task BeginAttemptAsync(Guid run, int attempt, long fromStep)
    {
        await using var connection = await database.OpenAsync();
        await using var transaction = await database.BeginAsync(connection);
        await connection.ExecuteAsync(
            "UPDATE training_run SET attempt = @attempt, report_sequence = 0 WHERE id = @id AND attempt < @attempt",
            new { id = run.ToString(), attempt }, transaction);
        await connection.ExecuteAsync(
            "DELETE FROM training_metric WHERE run = @id AND attempt < @attempt AND step > @fromStep",
            new { id = run.ToString(), attempt, fromStep }, transaction);
        await transaction.CommitAsync();
    }

    /// <summary>Takes a report once: its rows and its sequence number are written together.</summary>
    /// <returns>Whether it was new.</returns>
    public async Task<bool> RecordAsync(Guid run, RunReport report)
    {
        if (report.Rank > 0)
        {
            return await RecordRankAsync(run, report);
        }

        var id = run.ToString();
        await using var connection = await database.OpenAsync();
        await using var transaction = await database.BeginAsync(connection);
        var numbers = (await connection.QueryAsync<long>(
            """
            UPDATE training_run SET report_sequence = @Sequence, log_number = log_number + @lines, progress = COALESCE(@progress, progress)
            WHERE id = @id AND attempt = @Attempt AND report_sequence < @Sequence
            RETURNING log_number
            """,
            new
            {
                id,
                report.Attempt,
                report.Sequence,
                lines = report.Log.Count,
                progress = report.Progress is null ? null : JsonSerializer.Serialize(report.Progress, OdlJson.Options),
            },
            transaction)).ToList();
        if (numbers.Count == 0)
        {
            return false;
        }

        await InsertMetricsAsync(connection, transaction, id, report);
        await InsertLogAsync(connection, transaction, id, report, last: numbers[0]);
        await transaction.CommitAsync();
        return true;
    }

    // What a run measures is rank 0's to tell; the others have only their log, and numbers of their own.
    private async Task<bool> RecordRankAsync(Guid run, RunReport report)
    {
        var id = run.ToString();
        await using var connection = await database.OpenAsync();
        await using var transaction = await database.BeginAsync(connection);
        var taken = await connection.ExecuteAsync(
            """
            INSERT INTO training_rank (run, rank, attempt, report_sequence) VALUES (@id, @Rank, @Attempt, @Sequence)
            ON CONFLICT (run, rank) DO UPDATE SET attempt = excluded.attempt, report_sequence = excluded.report_sequence
            WHERE training_rank.attempt < excluded.attempt
              OR (training_rank.attempt = excluded.attempt AND training_rank.report_sequence < excluded.report_sequence)
            """,
            new { id, report.Rank, report.Attempt, report.Sequence }, transaction);
        if (taken == 0)
        {
            return false;
        }

        var numbers = (await connection.QueryAsync<long>(
            "UPDATE training_run SET log_number = log_number + @lines WHERE id = @id AND attempt = @Attempt RETURNING log_number",
            new { id, report.Attempt, lines = report.Log.Count }, transaction)).ToList();
        if (numbers.Count == 0)
        {
            return false;
        }

        await InsertLogAsync(connection, transaction, id, report, last: numbers[0]);
        await transaction.CommitAsync();
        return true;
    }

    public async Task<RunHead?> ReadHeadAsync(Guid run)
    {
        await using var connection = await database.OpenAsync();
        var row = await connection.QuerySingleOrDefaultAsync<(int Attempt, string? Progress)?>(
            "SELECT attempt, progress FROM training_run WHERE id = @id", new { id = run.ToString() });
        return row is { } head ? new RunHead { Attempt = head.Attempt, Progress = ReadProgress(head.Progress) } : null;
    }

    /// <summary>Newest first.</summary>
    public async Task<Page<TrainingRun>> ListAsync(string project, RunStatus? status, PageRequest page)
    {
        var after = PageTokens.Decode(page.Token, parts: 2);
        var before = after is null ? long.MaxValue : ParseNumber(after[0]);
        await using var connection = await database.OpenAsync();
        var rows = await connection.QueryAsync<(string Document, string? Progress)>(
            $"""
            SELECT document, progress FROM training_run
            WHERE project = @project AND (created_at < @before OR (created_at = @before AND id < @beforeId)) {(status is null ? "" : "AND status = @status")}
            ORDER BY created_at DESC, id DESC LIMIT @limit
            """,
            new { project, before, beforeId = after?[1] ?? "", status = (int?)status, limit = page.CheckedSize() + 1 });
        return rows.Select(row => ReadRun(row.Document) with { Progress = ReadProgress(row.Progress) }).ToList()
            .ToPage(page, run => [Number(Micros.From(run.CreatedAt)), run.Id.ToString()]);
    }

    /// <summary>In order of step, then name.</summary>
    public async Task<Page<MetricPoint>> ListMetricsAsync(Guid run, string? name, PageRequest page)
    {
        var after = PageTokens.Decode(page.Token, parts: 2);
        await using var connection = await database.OpenAsync();
        var rows = await connection.QueryAsync<(string Name, long Step, double? Value, long Time)>(
            $"""
            SELECT name, step, value, time FROM training_metric
            WHERE run = @id AND (step > @step OR (step = @step AND name > @afterName)) {(name is null ? "" : "AND name = @name")}
            ORDER BY step, name LIMIT @limit
            """,
            new { id = run.ToString(), step = after is null ? -1 : ParseNumber(after[0]), afterName = after?[1] ?? "", name, limit = page.CheckedSize() + 1 });
        return rows.Select(row => new MetricPoint
        {
            Name = row.Name,
            Step = row.Step,
            Value = row.Value ?? double.NaN,
            Time = Micros.ToTime(row.Time),
        }).ToList().ToPage(page, point => [Number(point.Step), point.Name]);
    }

    public async Task<Page<LogLine>> ListLogAsync(Guid run, PageRequest page)
    {
        var after = PageTokens.Decode(page.Token) is [var last] ? ParseNumber(last) : 0;
        await using var connection = await database.OpenAsync();
        var rows = await connection.QueryAsync<(long Number, int Attempt, long Time, string Text)>(
            "SELECT number, attempt, time, text FROM training_log WHERE run = @id AND number > @after ORDER BY number LIMIT @limit",
            new { id = run.ToString(), after, limit = page.CheckedSize() + 1 });
        return rows.Select(row => new LogLine
        {
            Number = row.Number,
            Attempt = row.Attempt,
            Time = Micros.ToTime(row.Time),
            Text = row.Text,
        }).ToList().ToPage(page, line => [Number(line.Number)]);
    }

    /// <summary>The page token that goes on after a line.</summary>
    public static string After(LogLine line) => PageTokens.Encode(Number(line.Number));

    /// <summary>Remembers that a pool has a scheduler, so that its workers can be listed.</summary>
    public async Task AddPoolAsync(string pool)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync("INSERT INTO training_pool (name) VALUES (@pool) ON CONFLICT DO NOTHING", new { pool });
    }

    public async Task<IReadOnlyList<string>> ListPoolsAsync()
    {
        await using var connection = await database.OpenAsync();
        return (await connection.QueryAsync<string>("SELECT name FROM training_pool ORDER BY name")).ToList();
    }

    // Rows by the hundred: one round trip each would make the database the slowest part of a training step.
    private static async Task InsertMetricsAsync(DbConnection connection, DbTransaction transaction, string id, RunReport report)
    {
        // One statement may not touch a row twice: of two values at one step the last counts.
        var points = report.Metrics.GroupBy(point => (point.Step, point.Name)).Select(same => same.Last());
        foreach (var chunk in points.Chunk(RowsPerStatement))
        {
            var parameters = new DynamicParameters(new { id, report.Attempt });
            var sql = new StringBuilder("INSERT INTO training_metric (run, step, name, value, time, attempt) VALUES ");
            for (var i = 0; i < chunk.Length; i++)
            {
                sql.Append(i == 0 ? "" : ", ").Append("(@id, @s").Append(i).Append(", @n").Append(i).Append(", @v").Append(i)
                    .Append(", @t").Append(i).Append(", @Attempt)");
                parameters.Add($"s{i}", chunk[i].Step);
                parameters.Add($"n{i}", chunk[i].Name);

                // SQLite has no NaN; the absence of a number is its place.
                parameters.Add($"v{i}", double.IsNaN(chunk[i].Value) ? null : chunk[i].Value, System.Data.DbType.Double);
                parameters.Add($"t{i}", Micros.From(chunk[i].Time));
            }

            sql.Append(" ON CONFLICT (run, step, name) DO UPDATE SET value = excluded.value, time = excluded.time, attempt = excluded.attempt");
            await connection.ExecuteAsync(sql.ToString(), parameters, transaction);
        }
    }

    private async Task InsertLogAsync(DbConnection connection, DbTransaction transaction, string id, RunReport report, long last)
    {
        var now = time.Now();
        var number = last - report.Log.Count + 1;
        foreach (var chunk in report.Log.Chunk(RowsPerStatement))
        {
            var parameters = new DynamicParameters(new { id, report.Attempt, now });
            var sql = new StringBuilder("INSERT INTO training_log (run, number, attempt, time, text) VALUES ");
            for (var i = 0; i < chunk.Length; i++)
            {
                sql.Append(i == 0 ? "" : ", ").Append("(@id, @n").Append(i).Append(", @Attempt, @now, @x").Append(i).Append(')');
                parameters.Add($"n{i}", number++);

                // PostgreSQL stores no zero character.
                parameters.Add($"x{i}", chunk[i].Replace('\0', '\uFFFD'));
            }

            await connection.ExecuteAsync(sql.ToString(), parameters, transaction);
        }

        if (last / 1000 != (last - report.Log.Count) / 1000)
        {
            await connection.ExecuteAsync(
                "DELETE FROM training_log WHERE run = @id AND number <= @oldest", new { id, oldest = last - KeptLines }, transaction);
        }
    }

    private static TrainingRun ReadRun(string document) => JsonSerializer.Deserialize<TrainingRun>(document, OdlJson.Options)!;

    private static RunProgress? ReadProgress(string? progress) =>
        progress is null ? null : JsonSerializer.Deserialize<RunProgress>(progress, OdlJson.Options);

    private static string Number(long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static long ParseNumber(string text) => long.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new InvalidException("The page token is not one that this list gave out. Leave it out to begin at the first page.");
}
