namespace OrleansDL.Serving;

/// <summary>What a model answered.</summary>
[GenerateSerializer, Immutable, Alias("infer-answer")]
public sealed class InferAnswer
{
    [Id(0)] public required IReadOnlyList<Tensor> Outputs { get; init; }

    /// <summary>Most probable label and its probability per row, for the metrics store; empty for models without labels.</summary>
    [Id(1)] public IReadOnlyList<LabelScore> Top { get; init; } = [];

    /// <summary>Where the time went; null from replicas that do not tell.</summary>
    [Id(2)] public InferTimes? Times { get; init; }

    /// <summary>The generation its inference id bears, where that is not the replica's: an ensemble's with the steps that ran.</summary>
    [Id(70)] public long? Generation { get; init; }
}
