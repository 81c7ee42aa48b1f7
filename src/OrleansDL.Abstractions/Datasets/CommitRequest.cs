namespace OrleansDL.Datasets;

/// <summary>A commit whose bytes are in the blob store already.</summary>
[GenerateSerializer, Immutable, Alias("commit-request")]
public sealed record CommitRequest
{
    /// <summary>Makes a repeat of the call harmless.</summary>
    [Id(0)] public required Guid Id { get; init; }

    /// <summary>The branch's head that the new manifest was built on, null for a branch that is not there yet; the commit is refused when the branch moved on.</summary>
    [Id(1)] public BlobId? ExpectedHead { get; init; }
    [Id(2)] public required DatasetVersion Version { get; init; }
}
