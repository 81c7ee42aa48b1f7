namespace OrleansDL.Datasets;

/// <summary>What came of a merge or a revert.</summary>
public sealed record MergeResult
{
    public required MergeOutcome Outcome { get; init; }

    /// <summary>The branch's head afterwards.</summary>
    public required DatasetVersion Head { get; init; }

    /// <summary>Number of the common ancestor; null for histories that have none.</summary>
    public long? Base { get; init; }

    /// <summary>Paths that both sides changed differently, <see cref="MaximumConflicts"/> at most.</summary>
    public IReadOnlyList<MergeConflict> Conflicts { get; init; } = [];

    /// <summary>How many conflicts there are in all.</summary>
    public long ConflictCount { get; init; }

    public const int MaximumConflicts = 1000;
}
