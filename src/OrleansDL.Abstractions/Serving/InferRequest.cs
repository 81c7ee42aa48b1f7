namespace OrleansDL.Serving;

/// <summary>Tensors for one call of a model.</summary>
[GenerateSerializer, Immutable, Alias("infer-request")]
public sealed class InferRequest
{
    [Id(0)] public required IReadOnlyList<Tensor> Inputs { get; init; }

    /// <summary>Outputs wanted, by name; empty for all.</summary>
    [Id(1)] public IReadOnlyList<string> Outputs { get; init; } = [];

    /// <summary>Level of priority, 1 the first served; 0: the model's default. Counts only where requests wait for company.</summary>
    [Id(2)] public int Priority { get; init; }

    /// <summary>How long it may wait for its execution; 0: as the model says.</summary>
    [Id(3)] public long TimeoutMicroseconds { get; init; }

    /// <summary>The sequence it belongs to; null: none.</summary>
    [Id(24)] public SequenceStep? Sequence { get; init; }

    /// <summary>The caller's own parameters as JSON values, by name; null: none. An ensemble's conditions may ask for them.</summary>
    [Id(70)] public IReadOnlyDictionary<string, string>? Parameters { get; init; }

    /// <summary>How many ensembles it is within.</summary>
    [Id(71)] public int Depth { get; init; }
}
