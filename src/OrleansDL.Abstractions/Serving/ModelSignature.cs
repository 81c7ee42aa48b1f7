namespace OrleansDL.Serving;

/// <summary>Inputs and outputs of a model; the artifact's <c>signature.json</c>.</summary>
[GenerateSerializer, Immutable, Alias("model-signature")]
public sealed record ModelSignature
{
    [Id(0)] public required IReadOnlyList<TensorSpec> Inputs { get; init; }
    [Id(1)] public required IReadOnlyList<TensorSpec> Outputs { get; init; }

    /// <summary>Labels in the order of the outputs' last axis; null where the model has none.</summary>
    [Id(2)] public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>How it continues texts; null where it does not, and in the artifact's file.</summary>
    [Id(23)] public GenerationFacts? Generation { get; init; }
}
