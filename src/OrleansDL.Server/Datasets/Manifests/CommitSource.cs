namespace OrleansDL.Datasets.Manifests;

/// <summary>What was read to make a commit, pinned so that it can be checked again.</summary>
internal sealed record CommitSource
{
    public required string Uri { get; init; }
    public required BlobId Sha256 { get; init; }
    public required long Bytes { get; init; }
    public required DateTimeOffset FetchedAt { get; init; }

    /// <summary>What an HTTP server or an object store called these bytes.</summary>
    public string? Etag { get; init; }
    public string? VersionId { get; init; }
}
