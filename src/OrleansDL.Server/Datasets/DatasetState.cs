using OrleansDL.Datasets.Branches;

namespace OrleansDL.Datasets;

[GenerateSerializer, Alias("dataset-state")]
internal sealed record DatasetState
{
    /// <summary>Null before the dataset is created.</summary>
    [Id(0)] public string? Project { get; init; }
    [Id(1)] public DatasetKind Kind { get; init; }
    [Id(2)] public string? Description { get; init; }
    [Id(3)] public DateTimeOffset CreatedAt { get; init; }
    [Id(4)] public long LatestVersion { get; init; }
    [Id(5)] public BlobId? Head { get; init; }

    /// <summary>Counts the changes.</summary>
    [Id(6)] public long Revision { get; init; }

    /// <summary>A commit that moved the head and is not yet in the tables, the events and the lineage.</summary>
    [Id(7)] public CommitRequest? Pending { get; init; }

    /// <summary>A deleted dataset is remembered, so that a late call does not bring it back.</summary>
    [Id(8)] public bool Deleted { get; init; }

    /// <summary>A branch that is to be moved, or deleted, and may not yet be in the tables and the events.</summary>
    [Id(9)] public BranchMove? PendingMove { get; init; }

    /// <summary>How long versions stay; null keeps them all.</summary>
    [Id(10)] public DatasetRetention? Retention { get; init; }

    /// <summary>What commits are held to.</summary>
    [Id(15)] public ValidationPolicy? Policy { get; init; }
}
