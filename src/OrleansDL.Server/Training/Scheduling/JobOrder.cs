namespace OrleansDL.Training.Scheduling;

/// <summary>Who goes before whom.</summary>
internal abstract class JobOrder
{
    /// <summary>Whether the first that waits holds up those behind it, so that a big run is not overtaken for ever. An order that sends runs away makes room instead.</summary>
    public virtual bool HoldsUp => true;

    /// <summary>Whether a run that has waited too long goes before all others. An order that nobody is overtaken in needs none of it.</summary>
    public virtual bool Ages => true;

    public static JobOrder Of(PoolSettings settings) => settings.Policy switch
    {
        PoolPolicy.Fifo => new FifoOrder(),
        PoolPolicy.Priority => new PriorityOrder(),
        PoolPolicy.FairShare => new FairShareOrder(settings.Weights),
        PoolPolicy.LeastAttained => new LeastAttainedOrder(),
        _ => new ShortestRemainingOrder(),
    };

    /// <summary>Those that wait, first the one to be served first.</summary>
    /// <param name="waiting">In the order in which they came.</param>
    /// <param name="held">Slots by project.</param>
    /// <param name="now">The time.</param>
    public virtual IEnumerable<PolicyJob> Sort(IEnumerable<PolicyJob> waiting, IReadOnlyDictionary<string, int> held, DateTimeOffset now) =>
        waiting.OrderByDescending(job => job.Priority).ThenBy(job => Key(job, now));

    /// <summary>Whether the one that waits may have the slots of the one that holds them.</summary>
    public virtual bool Outranks(PolicyJob waiting, PolicyJob holder, IReadOnlyDictionary<string, int> held, DateTimeOffset now) =>
        waiting.Priority > holder.Priority;

    /// <summary>The less, the sooner a job is served and the later it is sent away.</summary>
    public abstract double Key(PolicyJob job, DateTimeOffset now);
}
