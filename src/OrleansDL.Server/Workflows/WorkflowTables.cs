using System.Data.Common;
using System.Text.Json;
using Dapper;
using OrleansDL.Database;

namespace OrleansDL.Workflows;

/// <summary>The tables of workflows: what lists are read from, and the journals of runs.</summary>
internal sealed class WorkflowTables(Db database, TimeProvider time)
{
    public async Task WriteAsync(Workflow workflow, string canonical)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            "INSERT INTO workflow_version (workflow, version, digest, definition, canonical, created_at) VALUES (@id, @Version, @digest, @Definition, @canonical, @now) ON CONFLICT DO NOTHING",
            new { id = workflow.Id.ToString(), workflow.Version, digest = workflow.Digest.ToString(), workflow.Definition, canonical, now = time.Now() });
        await connection.ExecuteAsync(
            "INSERT INTO workflow (id, project, name, body) VALUES (@id, @Project, @Name, @body) ON CONFLICT (id) DO UPDATE SET name = excluded.name, body = excluded.body",
            new { id = workflow.Id.ToString(), workflow.Project, workflow.Name, body = JsonSerializer.Serialize(workflow, OdlJson.Options) });
    }

    public async Task<Page<Workflow>> ListAsync(string project, PageRequest page)
    {
        var after = PageTokens.Decode(page.Token)?[0] ?? "";
        await using var connection = await database.OpenAsync();
        var rows = await connection.QueryAsync<string>(
            "SELECT body FROM workflow WHERE project = @project AND name > @after ORDER BY name LIMIT @limit",
            new { project, after, limit = page.CheckedSize() + 1 });
        return rows.Select(Read<Workflow>).ToList().ToPage(page, workflow => [workflow.Name]);
    }

    /// <summary>Removes a workflow with its versions, runs and journals; answers the runs.</summary>
    public async Task<IReadOnlyList<Guid>> DeleteAsync(Guid workflow)
    {
        var id = workflow.ToString();
        await using var connection = await database.OpenAsync();
        await using var transaction = await database.BeginAsync(connection);
        var runs = (await connection.QueryAsync<string>("SELECT id FROM workflow_run WHERE workflow = @id", new { id }, transaction)).Select(Guid.Parse).ToList();
        foreach (var statement in (string[])
        [
            "DELETE FROM workflow_journal WHERE run IN (SELECT id FROM workflow_run WHERE workflow = @id)",
            "DELETE FROM workflow_run WHERE workflow = @id",
            "DELETE FROM workflow_version WHERE workflow = @id",
            "DELETE FROM workflow WHERE id = @id",
        ])
        {
            await connection.ExecuteAsync(statement, new { id }, transaction);
        }

        await transaction.CommitAsync();
        return runs;
    }

    /// <summary>Newest first.</summary>
    public async Task<Page<WorkflowRun>> ListRunsAsync(string project, Guid? workflow, PageRequest page)
    {
        var before = PageTokens.Decode(page.Token, parts: 2);
        await using var connection = await database.OpenAsync();
        var rows = await connection.QueryAsync<string>(
            $"""
            SELECT body FROM workflow_run
            WHERE project = @project {(workflow is null ? "" : "AND workflow = @workflow")}
              {(before is null ? "" : "AND (created_at < @time OR (created_at = @time AND id < @id))")}
            ORDER BY created_at DESC, id DESC LIMIT @limit
            """,
            new
            {
                project,
                workflow = workflow?.ToString(),
                time = before is null ? 0 : long.Parse(before[0], System.Globalization.CultureInfo.InvariantCulture),
                id = before?[1],
                limit = page.CheckedSize() + 1,
            });
        return rows.Select(Read<WorkflowRun>).ToList().ToPage(
            page, run => [Micros.From(run.CreatedAt).ToString(System.Globalization.CultureInfo.InvariantCulture), run.Id.ToString()]);
    }

    public async Task<WorkflowRun?> FindRunAsync(Guid run)
    {
        await using var connection = await database.OpenAsync();
        var body = await connection.QuerySingleOrDefaultAsync<string>("SELECT body FROM workflow_run WHERE id = @id", new { id = run.ToString() });
        return body is null ? null : Read<WorkflowRun>(body);
    }

    /// <summary>Which of the runs have not ended.</summary>
    public async Task<IReadOnlyList<Guid>> OpenRunsAsync(Guid workflow)
    {
        await using var connection = await database.OpenAsync();
        var rows = await connection.QueryAsync<string>(
            "SELECT id FROM workflow_run WHERE workflow = @id AND finished_at IS NULL ORDER BY created_at, id", new { id = workflow.ToString() });
        return [.. rows.Select(Guid.Parse)];
    }

    /// <summary>Appends one entry at its sequence number, and keeps the run's row in step, in one transaction.</summary>
    /// <exception cref="DbException">It could not be written, or another activation has written an entry of that number.</exception>
    public async Task AppendAsync(WorkflowRun run, JournalEntry entry)
    {
        await using var connection = await database.OpenAsync();
        await using var transaction = await database.BeginAsync(connection);
        await connection.ExecuteAsync(
            "INSERT INTO workflow_journal (run, sequence, time, type, step, data) VALUES (@run, @Sequence, @time, @Type, @Step, @Data)",
            new { run = run.Id.ToString(), entry.Sequence, time = Micros.From(entry.Time), entry.Type, entry.Step, entry.Data }, transaction);
        await connection.ExecuteAsync(
            """
            INSERT INTO workflow_run (id, project, workflow, status, created_at, finished_at, body) VALUES (@id, @Project, @workflow, @status, @created, @finished, @body)
            ON CONFLICT (id) DO UPDATE SET status = excluded.status, finished_at = excluded.finished_at, body = excluded.body
            """,
            new
            {
                id = run.Id.ToString(),
                run.Project,
                workflow = run.Workflow.ToString(),
                status = (int)run.Status,
                created = Micros.From(run.CreatedAt),
                finished = Micros.From(run.FinishedAt),
                body = JsonSerializer.Serialize(run, OdlJson.Options),
            },
            transaction);
        await transaction.CommitAsync();
    }

    public async Task<IReadOnlyList<JournalEntry>> ReadJournalAsync(Guid run, long after, int limit)
    {
        await using var connection = await database.OpenAsync();
        var rows = await connection.QueryAsync<Row>(
            "SELECT sequence AS Sequence, time AS Time, type AS Type, step AS Step, data AS Data FROM workflow_journal WHERE run = @run AND sequence > @after ORDER BY sequence LIMIT @limit",
            new { run = run.ToString(), after, limit });
        return [.. rows.Select(row => row.ToEntry())];
    }

    private static T Read<T>(string body) => JsonSerializer.Deserialize<T>(body, OdlJson.Options)!;

    private sealed class Row
    {
        public long Sequence { get; set; }
        public long Time { get; set; }
        public string Type { get; set; } = "";
        public string? Step { get; set; }
        public string Data { get; set; } = "";

        public JournalEntry ToEntry() => new() { Sequence = Sequence, Time = Micros.ToTime(Time), Type = Type, Step = Step, Data = Data };
    }
}
