namespace OrleansDL.Datasets;

/// <summary>One column of a schema.</summary>
[GenerateSerializer, Immutable, Alias("column")]
public sealed record Column
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public required ColumnType Type { get; init; }
    [Id(2)] public bool Nullable { get; init; }

    /// <summary>For tensors the element's type and the shape of one row's value, as <c>uint8[28,28]</c>. Elements: uint8, int8, int16, int32, int64, float32, float64.</summary>
    [Id(3)] public string? Tensor { get; init; }

    /// <summary>For string columns whose values are lists of labels: what stands between two labels. <see cref="LabelText"/> takes them apart.</summary>
    [Id(4)] public string? Separator { get; init; }
}
