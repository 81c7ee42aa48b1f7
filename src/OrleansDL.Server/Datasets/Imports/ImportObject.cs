namespace OrleansDL.Datasets.Imports;

/// <summary>One object of an import: what it is called, pinned as it was found, and its bytes once they are here.</summary>
internal sealed class ImportObject
{
    public long Ordinal { get; set; }

    /// <summary>For S3 the key, otherwise the whole address.</summary>
    public string Name { get; set; } = "";
    public string? Etag { get; set; }
    public string? VersionId { get; set; }
    public string? Modified { get; set; }

    /// <summary>-1 while the source has not said.</summary>
    public long Bytes { get; set; }
    public string? Sha256 { get; set; }
    public long? FetchedAt { get; set; }
}
