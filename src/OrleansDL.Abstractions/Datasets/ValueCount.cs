namespace OrleansDL.Datasets;

/// <summary>A value and how often it stands in a column.</summary>
[GenerateSerializer, Immutable, Alias("value-count")]
public sealed record ValueCount
{
    [Id(0)] public required string Value { get; init; }
    [Id(1)] public required long Count { get; init; }
}
