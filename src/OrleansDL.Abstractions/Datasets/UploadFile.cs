namespace OrleansDL.Datasets;

/// <summary>A file a client has: where it stands in the dataset and which bytes it holds.</summary>
public sealed record UploadFile
{
    /// <summary>Path within the dataset.</summary>
    public required string Path { get; init; }

    /// <summary>SHA-256 of the file's bytes.</summary>
    public required BlobId Blob { get; init; }
    public required long Bytes { get; init; }
}
