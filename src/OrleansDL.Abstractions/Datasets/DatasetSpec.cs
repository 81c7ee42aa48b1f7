namespace OrleansDL.Datasets;

/// <summary>Asks for a new dataset.</summary>
[GenerateSerializer, Immutable, Alias("dataset-spec")]
public sealed record DatasetSpec
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public required DatasetKind Kind { get; init; }
    [Id(2)] public string? Description { get; init; }

    /// <summary>What commits are held to; null only warns.</summary>
    [Id(3)] public ValidationPolicy? Policy { get; init; }
}
