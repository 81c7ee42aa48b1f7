namespace OrleansDL.Datasets;

/// <summary>A label of versions. Several versions may carry one; as a reference it names the newest.</summary>
[GenerateSerializer, Immutable, Alias("dataset-tag")]
public sealed record DatasetTag
{
    [Id(0)] public required string Name { get; init; }

    /// <summary>Number of the newest version that carries it.</summary>
    [Id(1)] public required long Version { get; init; }

    /// <summary>How many versions carry it.</summary>
    [Id(2)] public required long Versions { get; init; }
}
