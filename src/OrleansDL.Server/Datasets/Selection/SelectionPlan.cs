namespace OrleansDL.Datasets.Selection;

/// <summary>A query that was checked, with the commits and files it comes to.</summary>
internal sealed record SelectionPlan
{
    public required Dataset Dataset { get; init; }
    public required DatasetSelection Query { get; init; }

    /// <summary>Oldest first.</summary>
    public required IReadOnlyList<DatasetVersion> Commits { get; init; }

    /// <summary>The columns of all commits together.</summary>
    public required IReadOnlyList<Column> Schema { get; init; }

    /// <summary>In order of their paths.</summary>
    public required IReadOnlyList<SelectedFile> Files { get; init; }

    /// <summary>Null where rows have no label.</summary>
    public required string? LabelColumn { get; init; }

    /// <summary>The column that the query's own labels are of.</summary>
    public required string? FilteredColumn { get; init; }
    public required RowFilter? Filter { get; init; }

    /// <summary>Whether a file can be taken in part.</summary>
    public bool LooksAtRows => Filter is not null || Query.Labels is { Include: not null } or { Exclude: not null } || Query.Sample is not null;

    /// <summary>A commit's version with the columns of all, as its files are read.</summary>
    public DatasetVersion VersionOf(SelectedFile file) => Commits[file.Commit] with { Schema = Schema };
}
