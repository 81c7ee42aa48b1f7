namespace OrleansDL.Serving;

/// <summary>Inputs of a model that tell of the shapes of the requests it runs together.</summary>
[GenerateSerializer, Immutable, Alias("batch-input-spec")]
public sealed record BatchInputSpec
{
    [Id(0)] public required BatchInputKind Kind { get; init; }

    /// <summary>The model's inputs, which all get the same.</summary>
    [Id(1)] public required IReadOnlyList<string> Targets { get; init; }

    /// <summary>Type of their elements: FP32 or INT32.</summary>
    [Id(2)] public required TensorElementType Type { get; init; }

    /// <summary>The ragged input they tell of.</summary>
    [Id(3)] public required string Source { get; init; }
}
