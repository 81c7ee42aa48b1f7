namespace OrleansDL.Models;

/// <summary>One immutable version of a model.</summary>
[GenerateSerializer, Immutable, Alias("model-version")]
public sealed record ModelVersion
{
    [Id(0)] public required Guid Model { get; init; }
    [Id(1)] public required string ModelName { get; init; }
    [Id(2)] public required long Version { get; init; }

    /// <summary>The run that made it.</summary>
    [Id(3)] public Guid? Run { get; init; }

    /// <summary>Files by name: <c>model.onnx</c>, <c>weights.safetensors</c>, <c>network.json</c>, <c>pipeline.json</c>, <c>signature.json</c>, <c>reference.json</c>.</summary>
    [Id(4)] public required IReadOnlyDictionary<string, BlobRef> Artifact { get; init; }
    [Id(5)] public required IReadOnlyDictionary<string, double> Metrics { get; init; }
    [Id(6)] public required IReadOnlyDictionary<string, string> Parameters { get; init; }
    [Id(7)] public string? DatasetName { get; init; }
    [Id(8)] public long? DatasetVersion { get; init; }
    [Id(9)] public BlobId? DatasetCommit { get; init; }
    [Id(10)] public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Who made it: what our trainer did not make is served in a process of its own.</summary>
    [Id(50)] public ModelOrigin Origin { get; init; }
}
