namespace OrleansDL.Datasets;

/// <summary>Values at ranks: 5% of all values are not above <see cref="P5"/>. Exact for columns with few values, else within 1% of the value.</summary>
[GenerateSerializer, Immutable, Alias("quantiles")]
public sealed record Quantiles
{
    [Id(0)] public required double P1 { get; init; }
    [Id(1)] public required double P5 { get; init; }
    [Id(2)] public required double P25 { get; init; }
    [Id(3)] public required double P50 { get; init; }
    [Id(4)] public required double P75 { get; init; }
    [Id(5)] public required double P95 { get; init; }
    [Id(6)] public required double P99 { get; init; }
}
