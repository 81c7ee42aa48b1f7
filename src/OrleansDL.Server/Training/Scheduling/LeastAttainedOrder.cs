namespace OrleansDL.Training.Scheduling;

/// <summary>2D-LAS: by the slot-seconds a run has had, in levels, first come first served inside a level. It needs to know nothing of a run.</summary>
internal sealed class LeastAttainedOrder : JobOrder
{
    /// <summary>Slot-seconds of the first level; each further one reaches so many times as far.</summary>
    private const double FirstLevel = 1200;
    private const double LevelFactor = 2;

    public override bool HoldsUp => false;

    public override bool Outranks(PolicyJob waiting, PolicyJob holder, IReadOnlyDictionary<string, int> held, DateTimeOffset now) =>
        waiting.Priority != holder.Priority ? waiting.Priority > holder.Priority : Key(waiting, now) < Key(holder, now);

    public override double Key(PolicyJob job, DateTimeOffset now)
    {
        var attained = job.ServedUntil(now).TotalSeconds * job.TotalSlots;
        return attained < FirstLevel ? 0 : 1 + Math.Floor(Math.Log(attained / FirstLevel, LevelFactor));
    }
}
