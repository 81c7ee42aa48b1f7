namespace OrleansDL.Datasets;

/// <summary>How uploaded bytes become a new version.</summary>
public sealed record CommitOptions
{
    public string? Message { get; init; }
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary><c>csv</c>, <c>tsv</c>, <c>jsonl</c>, <c>parquet</c>, <c>arrow</c>, <c>npy</c>, <c>idx</c>, <c>webdataset</c>, <c>tar</c>, <c>zip</c> or <c>file</c>; null lets the server tell from bytes and path.</summary>
    public string? Format { get; init; }

    /// <summary>CSV: whether the first line names the columns; null lets the server find out.</summary>
    public bool? Header { get; init; }

    /// <summary>Types of columns in place of those found, as <c>zip=string,age=float64</c>; types are bool, int64, float64, string, label, and labels for several with <c>;</c> between.</summary>
    public string? Types { get; init; }

    /// <summary>Path of the file within the dataset.</summary>
    public string? Path { get; init; }

    /// <summary>The branch to commit on; null is <c>main</c>.</summary>
    public string? Branch { get; init; }

    /// <summary>Refuses the commit when the branch is at another commit.</summary>
    public BlobId? ExpectedHead { get; init; }

    /// <summary>Paths that the commit removes, or may replace; <c>folder/</c> removes all below it.</summary>
    public IReadOnlyList<string> Remove { get; init; } = [];

    /// <summary>Whether the new version holds only these files, instead of these and the parent's.</summary>
    public bool Replace { get; init; }
}
