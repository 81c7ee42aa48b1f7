using Dapper;
using OrleansDL.Database;
using OrleansDL.Nodes;

namespace OrleansDL.Events;

/// <summary>How far the outward stream has come, and whether there is anything new.</summary>
internal sealed class EventCursor : IDisposable
{
    public const int BatchSize = 256;
    private readonly Db _database;
    private readonly EventLog _events;
    private readonly TimeProvider _time;
    private readonly IDisposable _subscription;
    private long _notices;

    public EventCursor(Db database, EventLog events, TimeProvider time, NodeNotices notices)
    {
        _database = database;
        _events = events;
        _time = time;
        _subscription = notices.Subscribe(EventSignal.Topic, _ =>
        {
            Interlocked.Increment(ref _notices);
            return Task.CompletedTask;
        });
    }

    /// <summary>Whether an event was told since the reader last looked; also true now and then without one.</summary>
    /// <param name="seen">The reader's notice count, brought up to date.</param>
    /// <param name="lastLook">When the reader last looked, brought up to date.</param>
    /// <param name="safetyInterval">How long the reader goes without looking at most.</param>
    public bool HasNews(ref long seen, ref long lastLook, TimeSpan safetyInterval)
    {
        var current = Interlocked.Read(ref _notices);
        if (current == seen && _time.GetElapsedTime(lastLook) < safetyInterval)
        {
            return false;
        }

        seen = current;
        lastLook = _time.GetTimestamp();
        return true;
    }

    public Task<IReadOnlyDictionary<string, long>> HeadsAsync() => _events.HeadsAsync();

    public Task<IReadOnlyList<PlatformEvent>> ReadAsync(string project, long after, int limit) => _events.ReadAsync(project, after, limit);

    public async Task<IReadOnlyList<(string Project, long Sequence)>> LoadAsync(string queue)
    {
        await using var connection = await _database.OpenAsync();
        return [.. await connection.QueryAsync<(string, long)>("SELECT project, sequence FROM event_stream_position WHERE queue = @queue", new { queue })];
    }

    public async Task SaveAsync(string queue, IEnumerable<(string Project, long Sequence)> positions)
    {
        await using var connection = await _database.OpenAsync();
        await connection.ExecuteAsync(
            """
            INSERT INTO event_stream_position (queue, project, sequence) VALUES (@queue, @Project, @Sequence)
            ON CONFLICT (queue, project) DO UPDATE SET sequence = excluded.sequence WHERE event_stream_position.sequence < excluded.sequence
            """,
            positions.Select(position => new { queue, position.Project, position.Sequence }).ToList());
    }

    public void Dispose() => _subscription.Dispose();
}
