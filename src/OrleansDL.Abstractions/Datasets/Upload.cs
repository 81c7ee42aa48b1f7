namespace OrleansDL.Datasets;

/// <summary>A large file on its way in.</summary>
public sealed record Upload
{
    public required Guid Id { get; init; }

    /// <summary>Size of the whole file.</summary>
    public required long Bytes { get; init; }

    /// <summary>Where the next piece begins: so many bytes are here.</summary>
    public required long Offset { get; init; }
    public BlobId? Sha256 { get; init; }

    /// <summary>What the file is called in the store; null until it is complete.</summary>
    public BlobId? Blob { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When what is here is thrown away, unless more comes in before.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}
