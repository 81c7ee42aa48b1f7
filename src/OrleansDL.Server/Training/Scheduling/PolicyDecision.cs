namespace OrleansDL.Training.Scheduling;

/// <summary>What a policy decides at one moment.</summary>
internal sealed record PolicyDecision
{
    public required IReadOnlyList<PolicyStart> Starts { get; init; }
    public required IReadOnlyList<PolicyStop> Stops { get; init; }

    /// <summary>In the order in which they are served.</summary>
    public required IReadOnlyList<PolicyWait> Waits { get; init; }
}
