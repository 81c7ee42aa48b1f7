using OrleansDL.Training;

namespace OrleansDL.Networks;

/// <summary>Everything that determines a network's shape: the artifact's <c>network.json</c>.</summary>
internal sealed record NetworkDefinition
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;

    /// <summary>The spec with every default filled in.</summary>
    public required NetworkSpec Network { get; init; }

    /// <summary>Shape of one row: [features], [channels, height, width] or [tokens].</summary>
    public required IReadOnlyList<long> Input { get; init; }

    /// <summary>textbag: number of token ids, padding and unknown included.</summary>
    public long? Vocabulary { get; init; }

    /// <summary>What the output is for: null for one label per row, else labels, regression, sequence, next-token, embedding or reconstruction.</summary>
    public string? Head { get; init; }

    /// <summary>Width of the output: labels, values, vocabulary or embedding.</summary>
    public required int Classes { get; init; }
}
