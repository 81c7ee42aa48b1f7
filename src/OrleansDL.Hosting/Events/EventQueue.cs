using Orleans.Streams;

namespace OrleansDL.Events;

/// <summary>Hands events from our table to the Orleans stream: the table is the queue, and nothing is ever written to it from here.</summary>
internal sealed class EventQueue(string name, HashRingBasedStreamQueueMapper mapper, EventCursor cursor) : IQueueAdapter
{
    public string Name => name;

    public bool IsRewindable => false;

    public StreamProviderDirection Direction => StreamProviderDirection.ReadOnly;

    public static StreamId StreamOf(string project) => StreamId.Create(EventStreams.Provider, project);

    public Task QueueMessageBatchAsync<T>(StreamId streamId, IEnumerable<T> events, StreamSequenceToken? token, Dictionary<string, object>? requestContext) =>
        throw new InvalidException($"The stream '{EventStreams.Provider}' tells what the platform did; it takes no events from outside.");

    public IQueueAdapterReceiver CreateReceiver(QueueId queueId) => new EventReceiver(queueId, mapper, cursor);
}
