namespace OrleansDL.Blobs;

/// <summary>What a sweep removed, or would remove. Sizes are in bytes.</summary>
public sealed record BlobSweepReport
{
    /// <summary>Whether nothing was removed.</summary>
    public required bool DryRun { get; init; }

    /// <summary>Blobs stored before this were looked at.</summary>
    public required DateTimeOffset StoredBefore { get; init; }

    /// <summary>Owners whose leases ran out.</summary>
    public int ExpiredLeases { get; init; }

    /// <summary>Blobs on their own that nobody refers to.</summary>
    public SweptBlobs Blobs { get; init; } = new();

    /// <summary>Blobs in packs that nobody refers to; their space is free when their pack goes.</summary>
    public SweptBlobs PackedBlobs { get; init; } = new();

    /// <summary>Packs in which nothing was left.</summary>
    public SweptBlobs Packs { get; init; } = new();

    /// <summary>Uploads that were never finished.</summary>
    public SweptBlobs Uploads { get; init; } = new();

    /// <summary>Space that is free now (or would be).</summary>
    public long BytesFreed => Blobs.Bytes + Packs.Bytes + Uploads.Bytes;
}
