namespace OrleansDL.Datasets;

/// <summary>A dataset: a name, a kind and a line of immutable versions.</summary>
[GenerateSerializer, Immutable, Alias("dataset")]
public sealed record Dataset
{
    [Id(0)] public required Guid Id { get; init; }
    [Id(1)] public required string Project { get; init; }
    [Id(2)] public required string Name { get; init; }
    [Id(3)] public required DatasetKind Kind { get; init; }
    [Id(4)] public string? Description { get; init; }
    [Id(5)] public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Number of the newest version; 0 before the first commit.</summary>
    [Id(6)] public long LatestVersion { get; init; }
    [Id(7)] public BlobId? Head { get; init; }

    /// <summary>Changes with every change; for If-Match.</summary>
    [Id(8)] public required string ETag { get; init; }

    /// <summary>What its commits are held to; null is the policy that only warns.</summary>
    [Id(9)] public ValidationPolicy? Policy { get; init; }

    /// <summary>How long versions stay; null keeps them all.</summary>
    [Id(10)] public DatasetRetention? Retention { get; init; }
}
