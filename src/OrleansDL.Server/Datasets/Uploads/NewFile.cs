namespace OrleansDL.Datasets.Uploads;

/// <summary>A file to commit, and where its bytes came from.</summary>
internal sealed record NewFile
{
    public required UploadCommitLine Line { get; init; }

    /// <summary>Null for an upload.</summary>
    public string? Uri { get; init; }
    public long Bytes { get; init; }
    public string? ETag { get; init; }
    public string? VersionId { get; init; }
    public DateTimeOffset? FetchedAt { get; init; }
}
