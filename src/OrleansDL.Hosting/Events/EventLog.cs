using System.Text.Json;
using Dapper;
using OrleansDL.Database;
using OrleansDL.Timing;

namespace OrleansDL.Events;

/// <summary>The append-only record of what happened, with a sequence per project. An appended event wakes the grains whose triggers match.</summary>
public sealed class EventLog(Db database, TimeProvider time, WakeUps wakeUps, EventSignal signal)
{
    /// <summary>Prefix of the wake-ups an event leaves: <c>event:ID</c>; the payload is the event's id.</summary>
    public const string WakeUpPrefix = "event:";

    private const string Columns = "id AS Id, sequence AS Sequence, project AS Project, type AS Type, subject AS Subject, time AS Time, data AS Data";

    /// <summary>Appends an event once: the same id again does nothing. Matching triggers leave a wake-up in the same transaction.</summary>
    public async Task AppendAsync(Guid id, string project, string type, Guid subject, object data)
    {
        var now = time.Now();
        await using var connection = await database.OpenAsync();
        await using var transaction = await database.BeginAsync(connection);
        var known = await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM event WHERE id = @id", new { id = id.ToString() }, transaction);
        if (known > 0)
        {
            return;
        }

        // The row of event_head is locked until the commit: the order of sequence numbers is the order of commits.
        var sequence = await connection.ExecuteScalarAsync<long>(
            "INSERT INTO event_head (project, last_sequence) VALUES (@project, 1) ON CONFLICT (project) DO UPDATE SET last_sequence = event_head.last_sequence + 1 RETURNING last_sequence",
            new { project }, transaction);
        var written = await connection.ExecuteAsync(
            "INSERT INTO event (project, sequence, id, type, subject, time, data) VALUES (@project, @sequence, @id, @type, @subject, @now, @data) ON CONFLICT (id) DO NOTHING",
            new { project, sequence, id = id.ToString(), type, subject = subject.ToString(), now, data = JsonSerializer.Serialize(data, OdlJson.Options) }, transaction);
        if (written == 0)
        {
            return;
        }

        var owners = (await connection.QueryAsync<string>(
            "SELECT DISTINCT owner FROM event_trigger WHERE project = @project AND type = @type AND subject IN ('', @subject)",
            new { project, type, subject = subject.ToString() }, transaction)).Select(GrainId.Parse).ToList();
        foreach (var owner in owners)
        {
            await WakeUps.InsertAsync(connection, transaction, owner, WakeUpPrefix + id, now, id.ToString());
        }

        await transaction.CommitAsync();
        foreach (var owner in owners)
        {
            wakeUps.Signal(owner, WakeUpPrefix + id, now);
        }

        await signal.TellAsync(project);
    }

    /// <summary>Sets which events wake a grain, in place of those set before. <c>subject</c> null matches every subject.</summary>
    public async Task SetTriggersAsync(GrainId owner, IEnumerable<(string Project, string Type, Guid? Subject)> triggers)
    {
        await using var connection = await database.OpenAsync();
        await using var transaction = await database.BeginAsync(connection);
        await connection.ExecuteAsync("DELETE FROM event_trigger WHERE owner = @owner", new { owner = owner.ToString() }, transaction);
        await connection.ExecuteAsync(
            "INSERT INTO event_trigger (owner, project, type, subject) VALUES (@owner, @Project, @Type, @Subject) ON CONFLICT DO NOTHING",
            triggers.Select(t => new { owner = owner.ToString(), t.Project, t.Type, Subject = t.Subject?.ToString() ?? "" }).ToList(), transaction);
        await transaction.CommitAsync();
    }

    public async Task<PlatformEvent?> GetAsync(Guid id)
    {
        await using var connection = await database.OpenAsync();
        var row = await connection.QuerySingleOrDefaultAsync<Row>($"SELECT {Columns} FROM event WHERE id = @id", new { id = id.ToString() });
        return row?.ToEvent();
    }

    /// <summary>Events of a project after a sequence number, oldest first.</summary>
    public async Task<IReadOnlyList<PlatformEvent>> ReadAsync(string project, long after, int limit, CancellationToken cancellationToken = default)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        var rows = await connection.QueryAsync<Row>(
            $"SELECT {Columns} FROM event WHERE project = @project AND sequence > @after ORDER BY sequence LIMIT @limit",
            new { project, after, limit });
        return rows.Select(row => row.ToEvent()).ToList();
    }

    /// <summary>The newest sequence number of each project that has events.</summary>
    public async Task<IReadOnlyDictionary<string, long>> HeadsAsync(CancellationToken cancellationToken = default)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        var rows = await connection.QueryAsync<(string Project, long Last)>("SELECT project, last_sequence FROM event_head");
        return rows.ToDictionary(row => row.Project, row => row.Last);
    }

    private sealed class Row
    {
        public string Id { get; set; } = "";
        public long Sequence { get; set; }
        public string Project { get; set; } = "";
        public string Type { get; set; } = "";
        public string Subject { get; set; } = "";
        public long Time { get; set; }
        public string Data { get; set; } = "";

        public PlatformEvent ToEvent() => new()
        {
            Id = Guid.Parse(Id),
            Sequence = Sequence,
            Project = Project,
            Type = Type,
            Subject = Guid.Parse(Subject),
            Time = Micros.ToTime(Time),
            Data = Data,
        };
    }
}
