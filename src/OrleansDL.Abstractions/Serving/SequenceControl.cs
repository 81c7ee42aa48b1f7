namespace OrleansDL.Serving;

/// <summary>An input by which a model is told of its sequence: one value for each row.</summary>
[GenerateSerializer, Immutable, Alias("sequence-control")]
public sealed record SequenceControl
{
    /// <summary>The model's input.</summary>
    [Id(0)] public required string Input { get; init; }
    [Id(1)] public required SequenceControlKind Kind { get; init; }

    /// <summary>Value for false; not used by the id.</summary>
    [Id(2)] public double False { get; init; }

    /// <summary>Value for true; not used by the id.</summary>
    [Id(3)] public double True { get; init; } = 1;
}
