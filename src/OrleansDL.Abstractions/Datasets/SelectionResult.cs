namespace OrleansDL.Datasets;

/// <summary>What a selection came to.</summary>
[GenerateSerializer, Immutable, Alias("selection-result")]
public sealed record SelectionResult
{
    public const int MaximumLabels = 1000;

    [Id(0)] public required long Rows { get; init; }
    [Id(1)] public required long Files { get; init; }

    /// <summary>Files of which only some rows were taken; they are written anew.</summary>
    [Id(2)] public required long FilesCut { get; init; }

    /// <summary>The commits the query came to, oldest first.</summary>
    [Id(3)] public required IReadOnlyList<SelectedCommit> Commits { get; init; }
    [Id(4)] public string? LabelColumn { get; init; }

    /// <summary>How many different labels the rows have.</summary>
    [Id(5)] public required long LabelCount { get; init; }

    /// <summary>Rows of each label in the order of the labels' ids, <see cref="MaximumLabels"/> at most; empty where the column is no label.</summary>
    [Id(6)] public required IReadOnlyList<LabelRows> Labels { get; init; }

    /// <summary>The snapshot; null when nothing was to be written.</summary>
    [Id(7)] public DatasetVersion? Version { get; init; }
}
