namespace OrleansDL.Training;

/// <summary>What a decision of the scheduler asks its grain to do.</summary>
internal sealed record SchedulerChanges
{
    /// <summary>Whether the state must be written.</summary>
    public required bool Written { get; init; }

    /// <summary>Whether a worker joined, left or changed.</summary>
    public required bool Workers { get; init; }

    /// <summary>Runs that were granted slots or lost them.</summary>
    public required IReadOnlyCollection<Guid> Wake { get; init; }
}
