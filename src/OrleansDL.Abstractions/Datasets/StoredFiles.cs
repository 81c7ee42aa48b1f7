namespace OrleansDL.Datasets;

/// <summary>What became of many files sent in one request.</summary>
public sealed record StoredFiles
{
    /// <summary>The blob of each file, in the order they were sent.</summary>
    public required IReadOnlyList<BlobRef> Files { get; init; }
}
