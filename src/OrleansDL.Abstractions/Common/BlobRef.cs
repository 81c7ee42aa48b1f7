namespace OrleansDL;

/// <summary>A blob and its size in bytes.</summary>
[GenerateSerializer, Immutable, Alias("blob-ref")]
public sealed record BlobRef
{
    [Id(0)] public required BlobId Blob { get; init; }
    [Id(1)] public required long Bytes { get; init; }
}
