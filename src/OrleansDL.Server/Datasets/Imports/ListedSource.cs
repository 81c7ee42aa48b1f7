namespace OrleansDL.Datasets.Imports;

/// <summary>One line of the list of what an import fetched.</summary>
internal sealed record ListedSource
{
    public required string Uri { get; init; }
    public string? ETag { get; init; }
    public string? VersionId { get; init; }
    public required long Bytes { get; init; }
    public required BlobId Sha256 { get; init; }
}
