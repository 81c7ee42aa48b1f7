using Orleans.Streams;

namespace OrleansDL.Events;

/// <summary>Reads the events of the projects that fall to one queue, from where the last delivery was recorded.</summary>
internal sealed class EventReceiver(QueueId queue, HashRingBasedStreamQueueMapper mapper, EventCursor cursor) : IQueueAdapterReceiver
{
    // A notice can be missed while a node is cut off: look without one now and then.
    private static readonly TimeSpan SafetyInterval = TimeSpan.FromSeconds(15);
    private readonly Dictionary<string, long> _read = [];
    private long _seen = -1;
    private long _lastLook;

    public async Task Initialize(TimeSpan timeout)
    {
        foreach (var (project, sequence) in await cursor.LoadAsync(queue.ToString()))
        {
            _read[project] = sequence;
        }
    }

    public async Task<IList<IBatchContainer>> GetQueueMessagesAsync(int maxCount)
    {
        var limit = maxCount <= 0 ? EventCursor.BatchSize : Math.Min(maxCount, EventCursor.BatchSize);
        if (!cursor.HasNews(ref _seen, ref _lastLook, SafetyInterval))
        {
            return [];
        }

        var batches = new List<IBatchContainer>();
        foreach (var (project, head) in await cursor.HeadsAsync())
        {
            var from = _read.GetValueOrDefault(project);
            if (head <= from || !mapper.GetQueueForStream(EventQueue.StreamOf(project)).Equals(queue))
            {
                continue;
            }

            foreach (var happened in await cursor.ReadAsync(project, from, limit - batches.Count))
            {
                _read[project] = happened.Sequence;
                batches.Add(new EventBatch(happened));
            }

            if (batches.Count >= limit)
            {
                // There may be more: do not wait for the next notice.
                _seen = -1;
                break;
            }
        }

        return batches;
    }

    public Task MessagesDeliveredAsync(IList<IBatchContainer> messages) => cursor.SaveAsync(
        queue.ToString(),
        messages.OfType<EventBatch>().GroupBy(batch => batch.Event.Project).Select(group => (group.Key, group.Max(batch => batch.Event.Sequence))));

    public Task Shutdown(TimeSpan timeout) => Task.CompletedTask;
}
