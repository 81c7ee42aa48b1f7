namespace OrleansDL.Datasets.Manifests;

/// <summary>A run of entries in a manifest: its key range, digest and totals.</summary>
internal sealed record ManifestNode
{
    public required string First { get; init; }
    public required string Last { get; init; }
    public required BlobId Digest { get; init; }
    public required long Count { get; init; }
    public required long Bytes { get; init; }
    public required long Rows { get; init; }
}
