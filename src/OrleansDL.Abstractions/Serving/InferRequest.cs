namespace OrleansDL.Serving;

/// <summary>Tensors for one call of a model.</summary>
[GenerateSerializer, Immutable, Alias("infer-request")]
public sealed class InferRequest
{
    [Id(0)] public required IReadOnlyList<Tensor> Inputs { get; init; }

    /// <summary>Outputs wanted, by name; empty for all.</summary>
    [Id(1)] public IReadOnlyList<string> Outputs { get; init; } = [];
}
