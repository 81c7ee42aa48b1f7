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

    /// <summary>Packs that were mostly garbage: what they still held lies in another pack now. Bytes: what that freed.</summary>
    public SweptBlobs Compacted { get; init; } = new();

    /// <summary>Packs in which nothing was left, those that were compacted included.</summary>
    public SweptBlobs Packs { get; init; } = new();

    /// <summary>Files without a row, which a killed writer left behind; they count as blobs or packs too.</summary>
    public int Orphans { get; init; }

    /// <summary>Uploads that were never finished.</summary>
    public SweptBlobs Uploads { get; init; } = new();

    /// <summary>Space that is free now (or would be).</summary>
    public long BytesFreed { get; init; }
}
