namespace OrleansDL.Training;

/// <summary>A runner has written a checkpoint.</summary>
internal sealed record CheckpointReady
{
    public required long Step { get; init; }
    public required string Path { get; init; }
}
