namespace OrleansDL.Datasets;

/// <summary>The mergeable forms behind the statistics of a column with many values. They are kept with the version and left out of answers.</summary>
[GenerateSerializer, Immutable, Alias("column-sketches")]
public sealed record ColumnSketches
{
    /// <summary>HyperLogLog of the values; null when it is not known.</summary>
    [Id(0)] public byte[]? Distinct { get; init; }

    /// <summary>DDSketch of a numeric column's values.</summary>
    [Id(1)] public byte[]? Numbers { get; init; }

    /// <summary>DDSketch of the texts' lengths in characters.</summary>
    [Id(2)] public byte[]? Characters { get; init; }

    /// <summary>DDSketch of the texts' lengths in words.</summary>
    [Id(3)] public byte[]? Words { get; init; }

    /// <summary>Frequent values, each with a count that is short by <see cref="TopError"/> at most; null when they are not known.</summary>
    [Id(4)] public IReadOnlyDictionary<string, long>? Top { get; init; }
    [Id(5)] public long TopError { get; init; }

    /// <summary>DDSketch of the images' widths in pixels.</summary>
    [Id(6)] public byte[]? Widths { get; init; }

    /// <summary>DDSketch of the images' heights in pixels.</summary>
    [Id(7)] public byte[]? Heights { get; init; }
}
