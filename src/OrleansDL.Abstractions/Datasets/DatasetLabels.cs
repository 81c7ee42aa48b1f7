namespace OrleansDL.Datasets;

/// <summary>The labels of a version's column in the order of their ids.</summary>
[GenerateSerializer, Immutable, Alias("dataset-labels")]
public sealed record DatasetLabels
{
    /// <summary>A column with more values is no label.</summary>
    public const int MaximumLabels = 10_000;

    [Id(0)] public required string Column { get; init; }

    /// <summary>Null for columns that are no labels: other types than text and whole numbers, or more than <see cref="MaximumLabels"/> values.</summary>
    [Id(1)] public IReadOnlyList<string>? Labels { get; init; }
}
