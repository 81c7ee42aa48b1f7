namespace OrleansDL.Datasets.Branches;

/// <summary>Asks for a branch to be moved.</summary>
internal sealed record BranchTarget
{
    /// <summary>The version it shall be at: a branch, a tag, <c>v3</c> or <c>sha256:...</c>.</summary>
    public required string To { get; init; }

    /// <summary>The commit it is at now.</summary>
    public required BlobId ExpectedHead { get; init; }
}
