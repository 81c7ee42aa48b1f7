namespace OrleansDL.Datasets;

/// <summary>Begins the upload of one large file, which may come in many pieces.</summary>
public sealed record UploadSpec
{
    /// <summary>Size of the whole file in bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>SHA-256 of the whole file, if it is known; the upload is refused at its end when other bytes came.</summary>
    public BlobId? Sha256 { get; init; }

    /// <summary>
    /// A word of the client's (at most 128 characters) by which it finds an unfinished upload of the same file again: the same
    /// key and size in the same dataset give the same upload.
    /// </summary>
    public string? Key { get; init; }
}
