namespace OrleansDL.Datasets;

/// <summary>Asks for a commit that undoes what one version changed.</summary>
public sealed record RevertSpec
{
    /// <summary>The version to undo: <c>v3</c>, a tag, or <c>sha256:...</c>.</summary>
    public required string Version { get; init; }

    /// <summary>Message of the commit; null makes one.</summary>
    public string? Message { get; init; }

    /// <summary>For paths that were changed again since: <c>ours</c> keeps them as they are, <c>theirs</c> goes back to before the version.</summary>
    public MergeStrategy Strategy { get; init; }

    /// <summary>Refuses the revert when the branch is at another commit.</summary>
    public BlobId? ExpectedHead { get; init; }
}
