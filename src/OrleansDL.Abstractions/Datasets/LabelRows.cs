namespace OrleansDL.Datasets;

/// <summary>How many rows a label has.</summary>
[GenerateSerializer, Immutable, Alias("label-rows")]
public sealed record LabelRows
{
    [Id(0)] public required string Label { get; init; }
    [Id(1)] public required long Rows { get; init; }
}
