using Microsoft.Extensions.Logging;
using Orleans.Streams;

namespace OrleansDL.Events;

/// <summary>Says which event a subscriber could not take in. The event stays in the table, where it can be read again.</summary>
internal sealed partial class EventFailures(ILogger<EventFailures> logger) : IStreamFailureHandler
{
    public bool ShouldFaultSubsriptionOnError => false;

    public Task OnDeliveryFailure(GuidId subscriptionId, string streamProviderName, StreamId streamIdentity, StreamSequenceToken? sequenceToken)
    {
        LogNotDelivered(streamIdentity, sequenceToken, subscriptionId);
        return Task.CompletedTask;
    }

    public Task OnSubscriptionFailure(GuidId subscriptionId, string streamProviderName, StreamId streamIdentity, StreamSequenceToken? sequenceToken)
    {
        LogNotDelivered(streamIdentity, sequenceToken, subscriptionId);
        return Task.CompletedTask;
    }

    [LoggerMessage(LogLevel.Error, "Stream {Stream}: event {Sequence} could not be delivered to subscription {Subscription}; read it from the event feed")]
    private partial void LogNotDelivered(StreamId stream, StreamSequenceToken? sequence, GuidId subscription);
}
