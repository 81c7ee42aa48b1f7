namespace OrleansDL.Serving;

/// <summary>Inputs and outputs of a model; the artifact's <c>signature.json</c>.</summary>
[GenerateSerializer, Immutable, Alias("model-signature")]
public sealed record ModelSignature
{
    [Id(0)] public required IReadOnlyList<TensorSpec> Inputs { get; init; }
    [Id(1)] public required IReadOnlyList<TensorSpec> Outputs { get; init; }
}
