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

    /// <summary>How often each value stands there, for lists of labels how many rows have each label; null for columns with more than <see cref="MaximumValues"/> different values.</summary>
    [Id(8)] public IReadOnlyDictionary<string, long>? Values { get; init; }

    /// <summary>NaN and infinite values: in neither <see cref="Count"/> nor <see cref="Nulls"/>. Null when there are none.</summary>
    [Id(9)] public long? NotFinite { get; init; }

    /// <summary>How many different values there are: exact where <see cref="Values"/> are given, else estimated with a standard error of 0.81%. Null when it is not known.</summary>
    [Id(10)] public long? Distinct { get; init; }

    /// <summary>Numeric columns only.</summary>
    [Id(11)] public Quantiles? Quantiles { get; init; }
    [Id(12)] public Histogram? Histogram { get; init; }

    /// <summary>The most frequent values, at most <see cref="MaximumTop"/>, the most frequent first. Each count is short by <see cref="TopError"/> at most.</summary>
    [Id(13)] public IReadOnlyList<ValueCount>? Top { get; init; }
    [Id(14)] public long? TopError { get; init; }

    /// <summary>String columns only.</summary>
    [Id(15)] public TextStatistics? Text { get; init; }

    /// <summary>Image columns only.</summary>
    [Id(16)] public ImageStatistics? Image { get; init; }

    /// <summary>Image columns: red, green, blue. Tensor columns of three axes: the channels, when the first axis or else the last has at most four; of others all elements as one.</summary>
    [Id(17)] public IReadOnlyList<ChannelStatistics>? Channels { get; init; }

    /// <summary>Columns whose <see cref="Values"/> are given and could be labels (not floats).</summary>
    [Id(18)] public LabelBalance? Balance { get; init; }

    /// <summary>What the fields above are made from when the values are many; not part of answers.</summary>
    [Id(19)] public ColumnSketches? Sketches { get; init; }

    public const int MaximumTop = 100;

    public const int MaximumValues = 1000;
}
