namespace OrleansDL.Datasets;

/// <summary>How long, wide or high things are.</summary>
[GenerateSerializer, Immutable, Alias("length-statistics")]
public sealed record LengthStatistics
{
    [Id(0)] public required double Min { get; init; }
    [Id(1)] public required double Max { get; init; }
    [Id(2)] public required double Mean { get; init; }
    [Id(3)] public required Quantiles Quantiles { get; init; }
}
