namespace OrleansDL.Datasets;

/// <summary>What came of a merge.</summary>
public enum MergeOutcome
{
    /// <summary>There was nothing to merge.</summary>
    UpToDate = 0,

    /// <summary>The branch had nothing of its own: it was moved, and no commit was made.</summary>
    FastForward = 1,

    /// <summary>A commit was made.</summary>
    Merged = 2,

    /// <summary>Both sides changed the same paths; nothing was changed.</summary>
    Conflicts = 3,
}
