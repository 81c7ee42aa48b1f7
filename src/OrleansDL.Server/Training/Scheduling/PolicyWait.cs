namespace OrleansDL.Training.Scheduling;

/// <summary>A run that waits: its place from 1, and the one reason that counts most.</summary>
internal sealed record PolicyWait(Guid Job, int Position, string Reason)
{
    /// <summary>When it should start if all goes as told; null: that cannot be said.</summary>
    public DateTimeOffset? EstimatedStart { get; init; }
}
