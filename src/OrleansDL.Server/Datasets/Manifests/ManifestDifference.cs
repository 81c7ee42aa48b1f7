namespace OrleansDL.Datasets.Manifests;

/// <summary>A path whose entry differs: only old, only new, or both.</summary>
internal readonly record struct ManifestDifference(DatasetEntry? Old, DatasetEntry? New)
{
    public string Path => (New ?? Old)!.Path;

    /// <summary>First row of the old entry, or the row before which it would stand.</summary>
    public required long OldRow { get; init; }

    /// <summary>First row of the new entry, or the row before which it would stand.</summary>
    public required long NewRow { get; init; }
}
