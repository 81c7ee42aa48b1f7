namespace OrleansDL.Training;

/// <summary>A runner has written a checkpoint.</summary>
internal sealed record CheckpointReady
{
    public required long Step { get; init; }
    public required string Path { get; init; }

    /// <summary>How good the epoch it ends was, greater is better; null when it is not to be kept for that.</summary>
    public double? Score { get; init; }
}
