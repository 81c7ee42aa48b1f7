using OrleansDL.Training;

namespace OrleansDL.Networks;

/// <summary>Everything that determines a network's shape: the artifact's <c>network.json</c>.</summary>
internal sealed record NetworkDefinition
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;

    /// <summary>The spec with every default filled in.</summary>
    public required NetworkSpec Network { get; init; }

    /// <summary>Shape of one row: [features], [steps, width], [channels, height, width] or [tokens].</summary>
    public required IReadOnlyList<long> Input { get; init; }

    /// <summary>Text: number of token ids, padding and unknown included.</summary>
    public long? Vocabulary { get; init; }

    /// <summary>What the output is for: null for one label per row, else labels, regression, sequence, next-token, embedding or reconstruction.</summary>
    public string? Head { get; init; }

    /// <summary>Numbers the head gives: labels, values, vocabulary or width; reconstruction: not used.</summary>
    public required int Classes { get; init; }

    /// <summary>Columns of text that enter as indices; null: none does.</summary>
    public CategoricalColumns? Categorical { get; init; }

    /// <summary>Blocks, shapes and numbers of parameters.</summary>
    /// <exception cref="InvalidException">The message begins with the JSON path of what is wrong.</exception>
    public NetworkPlan Plan() => NetworkPlan.Make(Network, new NetworkEnds
    {
        Input = BlockShape.Of(Input, Vocabulary is not null),
        Vocabulary = Vocabulary,
        Cardinalities = Categorical?.Cardinalities ?? [],
        Head = Head ?? "label",
        Outputs = Classes,
    });
}
