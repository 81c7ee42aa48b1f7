namespace OrleansDL.Training.Scheduling;

/// <summary>The slots kept for the first run that waits: nobody behind it may begin what would delay it (EASY backfill).</summary>
/// <param name="job">The run.</param>
/// <param name="at">When the slots will be there; null: that cannot be said.</param>
/// <param name="spare">What will be free beside it at that time.</param>
internal sealed class Reservation(PolicyJob job, DateTimeOffset? at, SlotMap spare)
{
    public PolicyJob Job => job;

    public DateTimeOffset? At => at;

    /// <summary>What a run behind it may use of what is free now.</summary>
    public SlotMap Room(SlotMap free, PolicyJob other, DateTimeOffset now)
    {
        if (at is not { } start)
        {
            return free.Without(job);
        }

        return other.LeftUntil(now) is { } left && now + left + other.RestartCost <= start ? free : free.Least(spare);
    }

    public void Take(PolicyJob other, IReadOnlyList<PolicySeat> seats, DateTimeOffset now)
    {
        if (at is { } start && !(other.LeftUntil(now) is { } left && now + left + other.RestartCost <= start))
        {
            spare.Take(other, seats);
        }
    }
}
