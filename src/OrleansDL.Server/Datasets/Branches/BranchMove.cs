namespace OrleansDL.Datasets.Branches;

/// <summary>A branch on its way to another commit, or to its end.</summary>
[GenerateSerializer, Immutable, Alias("branch-move")]
internal sealed record BranchMove
{
    /// <summary>Makes repeats harmless; the id of the event.</summary>
    [Id(0)] public required Guid Id { get; init; }
    [Id(1)] public required string Branch { get; init; }

    /// <summary>Null deletes the branch.</summary>
    [Id(2)] public BlobId? Commit { get; init; }
    [Id(3)] public long Version { get; init; }

    /// <summary>Where it was; null for a new branch.</summary>
    [Id(4)] public long? From { get; init; }
}
