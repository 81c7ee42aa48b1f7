namespace OrleansDL.Training.Scheduling;

/// <summary>A run that has to leave with a checkpoint, and the run that needs its slots.</summary>
internal sealed record PolicyStop(Guid Job, Guid For);
