namespace OrleansDL.Datasets;

/// <summary>What is known of a column's values over all rows of a version.</summary>
[GenerateSerializer, Immutable, Alias("column-statistics")]
public sealed record ColumnStatistics
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public required ColumnType Type { get; init; }
    [Id(2)] public required long Count { get; init; }
    [Id(3)] public required long Nulls { get; init; }

    /// <summary>Numeric columns only.</summary>
    [Id(4)] public double? Min { get; init; }
    [Id(5)] public double? Max { get; init; }
    [Id(6)] public double? Mean { get; init; }

    /// <summary>Sum of squared deviations from the mean; with count and mean it merges exactly (variance = M2 / count).</summary>
    [Id(7)] public double? M2 { get; init; }

    /// <summary>How often each value stands there; null for columns with more than <see cref="MaximumValues"/> different values.</summary>
    [Id(8)] public IReadOnlyDictionary<string, long>? Values { get; init; }

    /// <summary>NaN and infinite values: in neither <see cref="Count"/> nor <see cref="Nulls"/>. Null when there are none.</summary>
    [Id(9)] public long? NotFinite { get; init; }

    public const int MaximumValues = 1000;
}
