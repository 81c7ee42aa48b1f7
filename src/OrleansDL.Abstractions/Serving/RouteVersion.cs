using System.Text.Json.Serialization;

namespace OrleansDL.Serving;

/// <summary>One version that a deployment serves, or should.</summary>
[GenerateSerializer, Immutable, Alias("route-version")]
public sealed record RouteVersion
{
    /// <summary>The number callers know it by.</summary>
    [Id(0)] public required long Number { get; init; }

    /// <summary>Generation answering; null: it is not ready.</summary>
    [Id(1)] public long? Generation { get; init; }
    [Id(2)] public string ModelName { get; init; } = "";

    /// <summary>Its number in the registry.</summary>
    [Id(3)] public long ModelVersion { get; init; }
    [Id(4)] public IReadOnlyList<string> Workers { get; init; } = [];
    [Id(5)] public ModelSignature? Signature { get; init; }

    /// <summary>How requests are run together; null: each for itself, at once.</summary>
    [Id(6)] public BatchingSpec? Batching { get; init; }

    /// <summary>Why it is not ready; null while it is loaded.</summary>
    [Id(7)] public string? Reason { get; init; }

    /// <summary>How sequences of requests are kept apart and run together; null: requests have nothing to do with one another.</summary>
    [Id(8)] public SequenceSpec? Sequence { get; init; }

    /// <summary>The graph that answers instead of a model; null: a model does.</summary>
    [Id(70)] public EnsembleSpec? Ensemble { get; init; }

    /// <summary>How long it took until the generation was loaded and warm, in seconds; null: nothing was loaded.</summary>
    [Id(43), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public double? LoadSeconds { get; init; }

    /// <summary>What runs the model, as configurations of the inference protocol call it (<c>pytorch</c>, <c>dotnet</c>); null: ONNX Runtime.</summary>
    [Id(44), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Backend { get; init; }

    /// <summary>Whether the generation is loaded by the requests for it.</summary>
    [Id(40), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public bool OnDemand { get; init; }
}
