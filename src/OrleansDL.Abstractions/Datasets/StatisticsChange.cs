namespace OrleansDL.Datasets;

/// <summary>A column whose values differ in sum between two versions. <see cref="ColumnStatistics.Values"/> are left out; <see cref="Values"/> has what changed of them.</summary>
[GenerateSerializer, Immutable, Alias("statistics-change")]
public sealed record StatisticsChange
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public required ColumnStatistics Old { get; init; }
    [Id(2)] public required ColumnStatistics New { get; init; }

    /// <summary>How many times more (or less) each value stands there, the largest changes first, <see cref="MaximumValues"/> at most; null when the values are too many to be counted.</summary>
    [Id(3)] public IReadOnlyDictionary<string, long>? Values { get; init; }

    public const int MaximumValues = 50;
}
