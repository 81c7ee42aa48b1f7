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
}
