namespace OrleansDL.Datasets;

/// <summary>A commit whose bytes are in the blob store already.</summary>
[GenerateSerializer, Immutable, Alias("commit-request")]
public sealed record CommitRequest
{
    /// <summary>Makes a repeat of the call harmless.</summary>
    [Id(0)] public required Guid Id { get; init; }

    /// <summary>The head the new manifest was built on; the commit is refused when the dataset moved on.</summary>
    [Id(1)] public BlobId? ExpectedHead { get; init; }
    [Id(2)] public required DatasetVersion Version { get; init; }
}
