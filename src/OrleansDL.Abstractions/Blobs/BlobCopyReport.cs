namespace OrleansDL.Blobs;

/// <summary>How far a copy of a blob store is. A pack counts as one.</summary>
public sealed record BlobCopyReport
{
    /// <summary>Verified and copied.</summary>
    public long Copied { get; init; }

    /// <summary>Bytes of those.</summary>
    public long Bytes { get; init; }

    /// <summary>There already, from an earlier copy.</summary>
    public long Present { get; init; }

    /// <summary>All there are.</summary>
    public long Total { get; init; }

    /// <summary>Could not be read and were not copied.</summary>
    public IReadOnlyList<BlobFault> Faults { get; init; } = [];
}
