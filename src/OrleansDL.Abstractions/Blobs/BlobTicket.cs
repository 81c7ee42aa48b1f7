namespace OrleansDL.Blobs;

/// <summary>Leave to upload one object straight to the store with an HTTP PUT.</summary>
public sealed record BlobTicket
{
    /// <summary>What the upload is called until it is a blob.</summary>
    public required string Name { get; init; }

    public required Uri Url { get; init; }
}
