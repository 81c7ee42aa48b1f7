namespace OrleansDL.Datasets.Statistics;

/// <summary>What is known of the rows of one file, or of a run of files.</summary>
internal sealed record FileSummary
{
    public required IReadOnlyList<ColumnStatistics> Columns { get; init; }

    /// <summary>Sketches of the rows by split; those of no split are under the empty name. Null when a part of the rows was never sketched.</summary>
    public IReadOnlyDictionary<string, RowSketch>? Rows { get; init; }

    public static FileSummary Empty { get; } = new() { Columns = [], Rows = new Dictionary<string, RowSketch>() };

    /// <summary>The same under a version's schema: a column that was widened since, or that these rows do not have, is as if they had been read under it.</summary>
    public FileSummary Under(IReadOnlyList<Column> schema) => this with { Columns = StatisticsMerge.Merge(schema, Columns, []) };

    /// <summary>Joins many. Neighbours are joined first, so that most of the work is done on small summaries.</summary>
    public static FileSummary Merge(IReadOnlyList<Column> schema, IEnumerable<FileSummary> summaries)
    {
        var level = summaries.ToList();
        while (level.Count > 1)
        {
            level = [.. level.Chunk(2).Select(pair => pair is [var first, var second] ? first.Merge(schema, second) : pair[0])];
        }

        return level is [var all] ? all : Empty;
    }

    /// <summary>Joins two; rows that one side does not know are not known of both.</summary>
    public FileSummary Merge(IReadOnlyList<Column> schema, FileSummary other) => new()
    {
        Columns = Columns.Count == 0 ? other.Columns : other.Columns.Count == 0 ? Columns : StatisticsMerge.Merge(schema, Columns, other.Columns),
        Rows = Rows is null || other.Rows is null ? null : Rows.Concat(other.Rows).GroupBy(pair => pair.Key, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => RowSketch.Union(group.Select(pair => pair.Value))!, StringComparer.Ordinal),
    };
}
