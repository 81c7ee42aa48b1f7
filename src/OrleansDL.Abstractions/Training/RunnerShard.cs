namespace OrleansDL.Training;

/// <summary>One MDS shard that a runner is given.</summary>
public sealed record RunnerShard
{
    /// <summary>Its name in <see cref="RunnerAssignment.ShardDirectory"/>.</summary>
    public required string File { get; init; }
    public required BlobId Blob { get; init; }
    public required long Bytes { get; init; }

    /// <summary>Its rows.</summary>
    public required int Samples { get; init; }
}
