using OrleansDL.Datasets.Ingest;

namespace OrleansDL.Datasets;

/// <summary>How an upload becomes a version.</summary>
internal sealed record UploadOptions
{
    public required string Message { get; init; }
    public required string[] Tags { get; init; }
    /// <summary>Null finds it out.</summary>
    public required string? Format { get; init; }
    public required HeaderMode Header { get; init; }

    /// <summary>Types said of columns, as <c>a=string,b=float64</c>.</summary>
    public string? Types { get; init; }

    /// <summary>Where the file stands in the dataset; null makes a name from the version's number.</summary>
    public string? Path { get; init; }

    /// <summary>Whether the new version holds only what comes in now, instead of that and what was there.</summary>
    public required bool Replace { get; init; }
    public required string Author { get; init; }

    /// <summary>The branch; null is <c>main</c>.</summary>
    public string? Branch { get; init; }

    /// <summary>The head the branch must be at.</summary>
    public BlobId? ExpectedHead { get; init; }

    /// <summary>Paths that the commit removes or replaces.</summary>
    public string[]? Removed { get; init; }
}
