using System.Text.Json.Serialization;

namespace OrleansDL.Serving;

/// <summary>What a model remembers: an output that becomes an input of the sequence's next request. It begins with zeros, unless a file says with what.</summary>
[GenerateSerializer, Immutable, Alias("sequence-state")]
public sealed record SequenceState
{
    [Id(0)] public required string Input { get; init; }
    [Id(1)] public required string Output { get; init; }

    /// <summary>Sizes at the beginning, without the batch axis; empty: the model's, each open one 1.</summary>
    [Id(2)] public IReadOnlyList<long> Shape { get; init; } = [];

    /// <summary>The artifact's file with the raw values of the beginning; null: zeros.</summary>
    [Id(60)] public string? InitialFile { get; init; }

    /// <summary>Whether callers see the output, as they see every other.</summary>
    [Id(53), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public bool Visible { get; init; }
}
