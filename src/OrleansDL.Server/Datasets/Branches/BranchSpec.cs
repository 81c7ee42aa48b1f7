namespace OrleansDL.Datasets.Branches;

/// <summary>Asks for a new branch.</summary>
internal sealed record BranchSpec
{
    public required string Name { get; init; }

    /// <summary>The version it begins at: a branch, a tag, <c>v3</c> or <c>sha256:...</c>; null is the head of <c>main</c>.</summary>
    public string? From { get; init; }
}
