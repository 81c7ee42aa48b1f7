namespace OrleansDL.Workflows.Running;

/// <summary>Attempt <paramref name="Attempt"/> failed; the next begins at <paramref name="At"/>.</summary>
internal sealed record StepRetry(int Attempt, string Kind, string Reason, DateTimeOffset At);
