using Orleans.Providers.Streams.Common;
using Orleans.Streams;

namespace OrleansDL.Events;

/// <summary>One event on its way through the stream.</summary>
[GenerateSerializer, Alias("event-batch")]
internal sealed class EventBatch(PlatformEvent happened) : IBatchContainer
{
    [Id(0)] private readonly PlatformEvent _event = happened;

    public StreamId StreamId => EventQueue.StreamOf(_event.Project);

    public StreamSequenceToken SequenceToken => new EventSequenceTokenV2(_event.Sequence);

    public PlatformEvent Event => _event;

    public IEnumerable<Tuple<T, StreamSequenceToken>> GetEvents<T>() =>
        _event is T item ? [Tuple.Create(item, SequenceToken)] : [];

    public bool ImportRequestContext() => false;
}
