namespace OrleansDL.Datasets.Selection;

/// <summary>What a query's files came to, row by row.</summary>
internal sealed record SelectionCount
{
    /// <summary>For each file of the plan the rows taken; null takes all of it.</summary>
    public required IReadOnlyList<RowMask?> Masks { get; init; }

    /// <summary>Rows taken from each file.</summary>
    public required IReadOnlyList<long> Rows { get; init; }

    /// <summary>Rows of each label that was taken; null where there are too many labels.</summary>
    public required IReadOnlyDictionary<string, long>? LabelRows { get; init; }

    /// <summary>For each commit the labels of its rows that passed, before any were sampled: which labels there are must not hang on the sample.</summary>
    public required IReadOnlyList<IReadOnlySet<string>>? LabelsOfCommits { get; init; }

    /// <summary>The labels in the order of their ids: commit after commit, within one sorted.</summary>
    public IReadOnlyList<string>? Labels()
    {
        if (LabelsOfCommits is null)
        {
            return null;
        }

        var known = new HashSet<string>(StringComparer.Ordinal);
        return [.. LabelsOfCommits.SelectMany(labels => labels.Order(StringComparer.Ordinal)).Where(known.Add)];
    }
}
