using OrleansDL.Datasets.Statistics;

namespace OrleansDL.Datasets.Validation;

/// <summary>Everything a commit is judged by.</summary>
internal sealed record ValidationInput
{
    public required ValidationPolicy Policy { get; init; }

    /// <summary>The version it is built on, as people call it (<c>v3</c>); null for the first.</summary>
    public string? ParentName { get; init; }
    public IReadOnlyList<Column> ParentSchema { get; init; } = [];
    public IReadOnlyList<ColumnStatistics> Parent { get; init; } = [];
    public long ParentRows { get; init; }

    public required IReadOnlyList<Column> Schema { get; init; }

    /// <summary>Statistics of the whole new version.</summary>
    public required IReadOnlyList<ColumnStatistics> Candidate { get; init; }
    public required long Rows { get; init; }

    /// <summary>Statistics of the rows that came in, which is where a change shows. The whole version when more than adding was done.</summary>
    public required IReadOnlyList<ColumnStatistics> Incoming { get; init; }

    /// <summary>Row sketches of the new version by split; rows without a split are under the empty name.</summary>
    public IReadOnlyDictionary<string, RowSketch> RowHashes { get; init; } = new Dictionary<string, RowSketch>();

    /// <summary>Row sketches of the parent.</summary>
    public IReadOnlyDictionary<string, RowSketch> ParentRowHashes { get; init; } = new Dictionary<string, RowSketch>();
}
