namespace OrleansDL.Datasets;

/// <summary>What happens to a path that both sides of a merge changed differently.</summary>
public enum MergeStrategy
{
    /// <summary>Nothing is merged, and all such paths are reported.</summary>
    Refuse = 0,

    /// <summary>The branch that is merged into keeps what it has.</summary>
    Ours = 1,

    /// <summary>What is merged wins.</summary>
    Theirs = 2,
}
