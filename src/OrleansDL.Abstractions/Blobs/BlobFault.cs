namespace OrleansDL.Blobs;

/// <summary>A blob that cannot be read.</summary>
public sealed record BlobFault
{
    public required BlobId Blob { get; init; }

    /// <summary><c>damaged</c> or <c>missing</c>.</summary>
    public required string Fault { get; init; }

    /// <summary>What was found, and where.</summary>
    public required string Detail { get; init; }

    /// <summary>Who needs it (at most 10), for example <c>run:ID</c>.</summary>
    public required IReadOnlyList<string> Owners { get; init; }
}
