namespace OrleansDL.Serving;

/// <summary>What a model remembers: an output that becomes an input of the sequence's next request. It begins with zeros.</summary>
[GenerateSerializer, Immutable, Alias("sequence-state")]
public sealed record SequenceState
{
    [Id(0)] public required string Input { get; init; }
    [Id(1)] public required string Output { get; init; }

    /// <summary>Sizes at the beginning, without the batch axis; empty: the model's, each open one 1.</summary>
    [Id(2)] public IReadOnlyList<long> Shape { get; init; } = [];
}
