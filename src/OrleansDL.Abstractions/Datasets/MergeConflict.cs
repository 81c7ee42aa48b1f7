namespace OrleansDL.Datasets;

/// <summary>A path that both sides of a merge changed differently; an entry that is not there was removed, or never there.</summary>
public sealed record MergeConflict
{
    public required string Path { get; init; }

    /// <summary>As it was in the common ancestor.</summary>
    public DatasetEntry? Base { get; init; }

    /// <summary>As it is on the branch that is merged into.</summary>
    public DatasetEntry? Ours { get; init; }

    /// <summary>As it is in what is merged.</summary>
    public DatasetEntry? Theirs { get; init; }
}
