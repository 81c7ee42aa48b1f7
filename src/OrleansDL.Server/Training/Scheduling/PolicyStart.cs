namespace OrleansDL.Training.Scheduling;

/// <summary>A run that gets its slots, all of them.</summary>
internal sealed record PolicyStart(Guid Job, IReadOnlyList<PolicySeat> Seats, bool Overdue);
