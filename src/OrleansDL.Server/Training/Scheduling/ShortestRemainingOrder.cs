namespace OrleansDL.Training.Scheduling;

/// <summary>The least work left first, in slot-seconds.</summary>
/// <remarks>
/// What is left is what a run's own progress (or its limit) tells. Of one that tells nothing the best guess under the long-tailed
/// durations of training is as much as it has had: then this is least attained service without levels.
/// </remarks>
internal sealed class ShortestRemainingOrder : JobOrder
{
    /// <summary>How many times as much a run must have left to be sent away for another: a checkpoint and a restart must pay.</summary>
    private const double Advantage = 2;

    public override bool HoldsUp => false;

    public override bool Outranks(PolicyJob waiting, PolicyJob holder, IReadOnlyDictionary<string, int> held, DateTimeOffset now) =>
        waiting.Priority != holder.Priority
            ? waiting.Priority > holder.Priority
            : Key(holder, now) > Advantage * (Key(waiting, now) + (holder.RestartCost.TotalSeconds * holder.TotalSlots));

    public override double Key(PolicyJob job, DateTimeOffset now) => (job.LeftUntil(now) ?? job.ServedUntil(now)).TotalSeconds * job.TotalSlots;
}
