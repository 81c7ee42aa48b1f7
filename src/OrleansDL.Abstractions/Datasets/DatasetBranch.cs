namespace OrleansDL.Datasets;

/// <summary>A movable name for a commit of a dataset. Commits on the branch move it.</summary>
[GenerateSerializer, Immutable, Alias("dataset-branch")]
public sealed record DatasetBranch
{
    [Id(0)] public required string Name { get; init; }

    /// <summary>The commit it is at; give it as the expected head when moving or deleting the branch.</summary>
    [Id(1)] public required BlobId Head { get; init; }

    /// <summary>The head's number.</summary>
    [Id(2)] public required long Version { get; init; }
    [Id(3)] public required DateTimeOffset MovedAt { get; init; }
}
