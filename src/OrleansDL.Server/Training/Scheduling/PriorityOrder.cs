namespace OrleansDL.Training.Scheduling;

/// <summary>By priority; first come first served among equals.</summary>
internal sealed class PriorityOrder : JobOrder
{
    public override double Key(PolicyJob job, DateTimeOffset now) => job.QueuedAt.UtcTicks;
}
