namespace OrleansDL.Datasets.Branches;

/// <summary>Asks for a tag to be on one version only.</summary>
internal sealed record TagMove
{
    /// <summary>The version: a branch, another tag, <c>v3</c> or <c>sha256:...</c>.</summary>
    public required string Version { get; init; }
}
