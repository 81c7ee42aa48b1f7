namespace OrleansDL.Datasets.Manifests;

/// <summary>A new manifest, what it took to write it, and where the added rows stand in it.</summary>
internal sealed record ManifestEdit
{
    public required BlobId Digest { get; init; }
    public required ManifestRoot Root { get; init; }

    /// <summary>Entries that were not in the parent, each with its first row in the new version, in manifest order.</summary>
    public required IReadOnlyList<(DatasetEntry Entry, long FirstRow)> Added { get; init; }

    /// <summary>The root and the nodes that were written.</summary>
    public required IReadOnlyList<BlobId> Written { get; init; }
}
