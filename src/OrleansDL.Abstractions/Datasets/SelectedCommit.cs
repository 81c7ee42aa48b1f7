namespace OrleansDL.Datasets;

/// <summary>A commit whose rows a selection took.</summary>
[GenerateSerializer, Immutable, Alias("selected-commit")]
public sealed record SelectedCommit
{
    [Id(0)] public required long Version { get; init; }
    [Id(1)] public required BlobId Commit { get; init; }

    /// <summary>Rows that were taken from it.</summary>
    [Id(2)] public required long Rows { get; init; }
}
