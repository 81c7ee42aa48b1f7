namespace OrleansDL.Training;

/// <summary>One block of a network.</summary>
[GenerateSerializer, Immutable, Alias("block-summary")]
public sealed record BlockSummary
{
    /// <summary>What the names of its parameters begin with: what <c>initialize.freeze</c> can name.</summary>
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public required string Kind { get; init; }

    /// <summary>Shape of its output for one row.</summary>
    [Id(2)] public required IReadOnlyList<long> Output { get; init; }

    /// <summary>Values that it learns, those of blocks within it included.</summary>
    [Id(3)] public required long Parameters { get; init; }
}
