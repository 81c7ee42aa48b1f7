namespace OrleansDL.Datasets;

/// <summary>Asks to merge a version into a branch.</summary>
public sealed record MergeSpec
{
    /// <summary>What is merged: a branch, a tag, <c>v3</c> or <c>sha256:...</c>.</summary>
    public required string Source { get; init; }

    /// <summary>Message of the merge commit; null makes one.</summary>
    public string? Message { get; init; }
    public MergeStrategy Strategy { get; init; }

    /// <summary>Refuses the merge when the branch is at another commit.</summary>
    public BlobId? ExpectedHead { get; init; }
}
