namespace OrleansDL.Blobs;

/// <summary>What a look at every byte of a blob store found.</summary>
public sealed record BlobVerification
{
    public required long Blobs { get; init; }
    public required long Bytes { get; init; }
    public required IReadOnlyList<BlobFault> Faults { get; init; }
}
