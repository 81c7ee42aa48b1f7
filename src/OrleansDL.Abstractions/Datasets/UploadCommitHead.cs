namespace OrleansDL.Datasets;

/// <summary>First line of a commit of uploaded files: what the new version is to be.</summary>
public sealed record UploadCommitHead
{
    public string Branch { get; init; } = "main";
    public string Message { get; init; } = "";
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Commit only if this is still the branch's head.</summary>
    public BlobId? ExpectedHead { get; init; }

    /// <summary>Whether the new version holds only what is added here, instead of that and what the branch has.</summary>
    public bool Replace { get; init; }

    /// <summary>What the paths of the rows' sources begin with, for example <c>push:laptop/photos/</c>; null: <c>upload:</c>.</summary>
    public string? Source { get; init; }

    /// <summary>Types of columns in place of those found, as <c>zip=string,topics=labels</c>; every table that is added has these columns, but for those that say their own.</summary>
    public string? Types { get; init; }
}
