namespace OrleansDL.Datasets;

/// <summary>What applying a dataset's retention did, or would do.</summary>
public sealed record PruneReport
{
    public required bool DryRun { get; init; }

    /// <summary>Numbers of the versions that go.</summary>
    public required IReadOnlyList<long> Expired { get; init; }

    /// <summary>The versions that stay.</summary>
    public required IReadOnlyList<KeptVersion> Kept { get; init; }

    /// <summary>Blobs that nothing needs any more. Their bytes go with the next sweep after the store's grace.</summary>
    public required long BlobsFreed { get; init; }
    public required long BytesFreed { get; init; }
}
