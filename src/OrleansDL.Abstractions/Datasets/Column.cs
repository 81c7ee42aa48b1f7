namespace OrleansDL.Datasets;

/// <summary>One column of a schema.</summary>
[GenerateSerializer, Immutable, Alias("column")]
public sealed record Column
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public required ColumnType Type { get; init; }
    [Id(2)] public bool Nullable { get; init; }
}
