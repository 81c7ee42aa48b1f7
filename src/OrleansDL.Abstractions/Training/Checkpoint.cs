namespace OrleansDL.Training;

/// <summary>A point from which training goes on exactly as if it had never stopped.</summary>
[GenerateSerializer, Immutable, Alias("checkpoint")]
public sealed record Checkpoint
{
    /// <summary>Optimizer steps done.</summary>
    [Id(0)] public required long Step { get; init; }
    [Id(1)] public required BlobId Blob { get; init; }
    [Id(2)] public required long Bytes { get; init; }
    [Id(3)] public required DateTimeOffset Time { get; init; }
    [Id(4)] public required int Attempt { get; init; }

    /// <summary>How good the epoch it ends was by the run's metric, greater is better; null in the middle of an epoch, or when nobody asked.</summary>
    [Id(5)] public double? Score { get; init; }
}
