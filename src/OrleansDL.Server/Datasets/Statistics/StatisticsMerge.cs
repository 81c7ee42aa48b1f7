namespace OrleansDL.Datasets.Statistics;

/// <summary>Joins the statistics of two sets of rows into those of both, as if they had been counted together.</summary>
internal static class StatisticsMerge
{
    /// <param name="columns">The columns and types of the result.</param>
    /// <param name="first">Statistics of the rows that were there.</param>
    /// <param name="second">Statistics of the rows that came in.</param>
    /// <remarks>A column that one side does not have is null in all of its rows, whose number is that of any of its columns.</remarks>
    public static IReadOnlyList<ColumnStatistics> Merge(
        IReadOnlyList<Column> columns, IReadOnlyList<ColumnStatistics> first, IReadOnlyList<ColumnStatistics> second)
    {
        var left = first.ToDictionary(column => column.Name, StringComparer.Ordinal);
        var right = second.ToDictionary(column => column.Name, StringComparer.Ordinal);
        return columns.Select(column => Merge(
            column.Type,
            left.GetValueOrDefault(column.Name) ?? Absent(column, first),
            right.GetValueOrDefault(column.Name) ?? Absent(column, second))).ToArray();
    }

    /// <summary>How many rows statistics are of.</summary>
    public static long Rows(IReadOnlyList<ColumnStatistics> statistics) =>
        statistics is [var column, ..] ? column.Count + column.Nulls + (column.NotFinite ?? 0) : 0;

    private static ColumnStatistics Absent(Column column, IReadOnlyList<ColumnStatistics> others) => new()
    {
        Name = column.Name,
        Type = column.Type,
        Count = 0,
        Nulls = Rows(others),
        Values = column.Type is ColumnType.Image or ColumnType.Tensor ? null : new Dictionary<string, long>(),
    };

    private static ColumnStatistics Merge(ColumnType type, ColumnStatistics first, ColumnStatistics second)
    {
        var values = Merge(type, first.Values, second.Values);
        var merged = new ColumnStatistics
        {
            Name = first.Name,
            Type = type,
            Count = first.Count + second.Count,
            Nulls = first.Nulls + second.Nulls,
            NotFinite = first.NotFinite is null && second.NotFinite is null ? null : (first.NotFinite ?? 0) + (second.NotFinite ?? 0),
            Values = values,
            Sketches = values is null ? MergeSketches(type, first, second) : null,
            Channels = first.Count == 0 || (type == ColumnType.Image && first.Channels is null) ? second.Channels
                : second.Count == 0 || (type == ColumnType.Image && second.Channels is null) ? first.Channels : ChannelMerge.Merge(first.Channels, second.Channels),
        };
        var numbers = first.Mean is null ? second : first;
        if (first is { Mean: { } meanA, M2: { } m2A } && second is { Mean: { } meanB, M2: { } m2B })
        {
            var (mean, m2) = NumberSummary.Merge(first.Count, meanA, m2A, second.Count, meanB, m2B);
            return merged with { Min = Math.Min(first.Min!.Value, second.Min!.Value), Max = Math.Max(first.Max!.Value, second.Max!.Value), Mean = mean, M2 = m2 };
        }

        return merged with { Min = numbers.Min, Max = numbers.Max, Mean = numbers.Mean, M2 = numbers.M2 };
    }

    private static ColumnSketches? MergeSketches(ColumnType type, ColumnStatistics first, ColumnStatistics second)
    {
        if (first.Count == 0 || second.Count == 0)
        {
            return (first.Count == 0 ? second : first).Sketches;
        }

        var merged = new ColumnSketch(first, type);
        merged.Merge(new ColumnSketch(second, type));
        return merged.ToSketches() is var sketches && sketches != new ColumnSketches() ? sketches : null;
    }

    private static Dictionary<string, long>? Merge(
        ColumnType type, IReadOnlyDictionary<string, long>? first, IReadOnlyDictionary<string, long>? second)
    {
        if (first is null || second is null)
        {
            return null;
        }

        var merged = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (value, count) in first.Concat(second))
        {
            var key = ColumnAccumulator.Canonical(value, type);
            merged[key] = merged.GetValueOrDefault(key) + count;
        }

        return merged.Count <= ColumnStatistics.MaximumValues ? merged : null;
    }
}
