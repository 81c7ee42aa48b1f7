namespace OrleansDL.Datasets.Manifests;

/// <summary>A new manifest, what it took to write it, and what differs from the one before.</summary>
internal sealed record ManifestEdit
{
    public required BlobId Digest { get; init; }
    public required ManifestRoot Root { get; init; }

    /// <summary>What was removed, added and replaced, in manifest order.</summary>
    public required IReadOnlyList<ManifestChange> Changes { get; init; }

    /// <summary>The root and the nodes that were written.</summary>
    public required IReadOnlyList<BlobId> Written { get; init; }

    /// <summary>Entries that were not there, each with its first row in the new version, in manifest order.</summary>
    public IEnumerable<(DatasetEntry Entry, long FirstRow)> Added =>
        Changes.Where(change => change.New is not null).Select(change => (change.New!, change.NewRow));
}
