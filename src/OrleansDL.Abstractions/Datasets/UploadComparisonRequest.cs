namespace OrleansDL.Datasets;

/// <summary>Asks how files differ from the head of a branch, one range of paths at a time.</summary>
public sealed record UploadComparisonRequest
{
    /// <summary>The branch that will be committed to.</summary>
    public string Branch { get; init; } = "main";

    /// <summary>The range begins after this path; null: at the first.</summary>
    public string? After { get; init; }

    /// <summary>The range ends with this path; null: with the last.</summary>
    public string? Through { get; init; }

    /// <summary>The client's files in the range, ascending by the UTF-8 bytes of their paths.</summary>
    public required IReadOnlyList<UploadFile> Files { get; init; }

    /// <summary>Whether to list what the branch has in the range and the client does not.</summary>
    public bool ListGone { get; init; }

    public const int MaximumFiles = 10_000;
}
