namespace OrleansDL.Training;

/// <summary>A network as it would be trained, before a row is read.</summary>
[GenerateSerializer, Immutable, Alias("network-summary")]
public sealed record NetworkSummary
{
    [Id(0)] public required string Family { get; init; }

    /// <summary>Shape of one row: [features], [tokens], [steps, width] or [channels, height, width].</summary>
    [Id(1)] public required IReadOnlyList<long> Input { get; init; }

    /// <summary>Shape of what comes out for one row.</summary>
    [Id(2)] public required IReadOnlyList<long> Output { get; init; }

    /// <summary>In their order; the last are those of the head.</summary>
    [Id(3)] public required IReadOnlyList<BlockSummary> Blocks { get; init; }

    /// <summary>Values that are learnt.</summary>
    [Id(4)] public required long Parameters { get; init; }

    /// <summary>Size of the weights.</summary>
    [Id(5)] public required long WeightBytes { get; init; }

    /// <summary>Memory that weights, gradients, the optimizer and one batch take while training: an estimate, without the dataset and what libtorch takes for itself.</summary>
    [Id(6)] public required long TrainingBytes { get; init; }
}
