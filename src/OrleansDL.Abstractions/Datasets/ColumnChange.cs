namespace OrleansDL.Datasets;

/// <summary>A column that differs between two versions: only old (removed), only new (added), or both (another type, or nullable now).</summary>
[GenerateSerializer, Immutable, Alias("column-change")]
public sealed record ColumnChange
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public Column? Old { get; init; }
    [Id(2)] public Column? New { get; init; }
}
