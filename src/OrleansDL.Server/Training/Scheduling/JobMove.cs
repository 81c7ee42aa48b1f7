namespace OrleansDL.Training.Scheduling;

/// <summary>A wish that a waiting run be served directly before or behind another.</summary>
internal sealed record JobMove(Guid Job, Guid Anchor, bool Ahead);
