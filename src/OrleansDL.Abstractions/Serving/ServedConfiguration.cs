using System.Text.Json.Serialization;

namespace OrleansDL.Serving;

/// <summary>What the configuration of a model repository's folder adds to a deployment: how callers see its tensors.</summary>
[GenerateSerializer, Immutable, Alias("served-configuration")]
public sealed record ServedConfiguration
{
    /// <summary>The whole <c>ModelConfig</c> of the protocol as proto3 JSON, with what was completed from the model.</summary>
    [Id(0)] public required string Config { get; init; }

    /// <summary>Rows of one request at most; 0: the model has no batch axis.</summary>
    [Id(1)] public int MaximumBatchSize { get; init; }

    /// <summary>Labels of an output's elements by the output's name, from its label file.</summary>
    [Id(2)] public IReadOnlyDictionary<string, IReadOnlyList<string>>? Labels { get; init; }

    /// <summary>Inputs and outputs that the model has in another shape, by name; null: none.</summary>
    [Id(60)] public IReadOnlyDictionary<string, TensorReshape>? Reshapes { get; init; }

    /// <summary>What the model is run on before it answers; null: one row of zeros.</summary>
    [Id(61)] public IReadOnlyList<WarmUp>? WarmUps { get; init; }

    /// <summary>How ONNX Runtime runs the model; null: as every other.</summary>
    [Id(62)] public RuntimeSettings? Runtime { get; init; }

    /// <summary>How requests of different shapes run together; null: they do not.</summary>
    [Id(53), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public RaggedSpec? Ragged { get; init; }
}
