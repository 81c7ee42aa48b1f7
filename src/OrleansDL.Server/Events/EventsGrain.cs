using Orleans.Concurrency;

namespace OrleansDL.Events;

[GrainType("events"), StatelessWorker]
internal sealed class EventsGrain(EventLog events) : Grain, IEventsGrain
{
    public const int MaximumLimit = 1000;

    public async Task<IReadOnlyList<PlatformEvent>> ReadAsync(long after, int limit)
    {
        if (after < 0 || limit is < 1 or > MaximumLimit)
        {
            throw new InvalidException($"'after' is 0 or a sequence number, and 'limit' is 1 to {MaximumLimit}.");
        }

        return await events.ReadAsync(this.GetPrimaryKeyString(), after, limit);
    }
}
