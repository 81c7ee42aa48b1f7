using System.Text.Json.Serialization;

namespace OrleansDL.Serving;

/// <summary>Where requests for a deployment go. Pushed to every front.</summary>
[GenerateSerializer, Immutable, Alias("route")]
public sealed record Route
{
    [Id(0)] public required Guid Deployment { get; init; }
    [Id(1)] public required string Project { get; init; }
    [Id(2)] public required string Name { get; init; }

    /// <summary>Grows with every change of the route: an older one never replaces a newer one.</summary>
    [Id(3)] public required long Revision { get; init; }
    [Id(4)] public required bool Public { get; init; }

    /// <summary>Generation answering; null: nothing is ready.</summary>
    [Id(5)] public long? Generation { get; init; }
    [Id(6)] public string ModelName { get; init; } = "";
    [Id(7)] public long ModelVersion { get; init; }
    [Id(8)] public IReadOnlyList<string> Workers { get; init; } = [];
    [Id(9)] public ModelSignature? Signature { get; init; }
    [Id(10)] public string? Reason { get; init; }
    [Id(11)] public bool Deleted { get; init; }

    /// <summary>How requests are run together; null: each for itself, at once.</summary>
    [Id(12)] public BatchingSpec? Batching { get; init; }

    /// <summary>How sequences of requests are kept apart and run together; null: requests have nothing to do with one another.</summary>
    [Id(33)] public SequenceSpec? Sequence { get; init; }

    /// <summary>The number callers know the answering version by; null: <see cref="ModelVersion"/>.</summary>
    [Id(13)] public long? Number { get; init; }

    /// <summary>Every version served or wanted, highest number first; null in routes written before there could be several.</summary>
    [Id(14)] public IReadOnlyList<RouteVersion>? Versions { get; init; }

    /// <summary>How callers see the tensors; null: as the model has them.</summary>
    [Id(15)] public ServedConfiguration? Configuration { get; init; }

    /// <summary>Which version answers a request that names none, a canary's step as shares; null: the highest that is ready.</summary>
    [Id(16)] public TrafficSpec? Traffic { get; init; }

    /// <summary>The graph that answers instead of a model; null: a model does.</summary>
    [Id(70)] public EnsembleSpec? Ensemble { get; init; }

    /// <summary>How answers are kept for equal requests; null: they are not.</summary>
    [Id(71)] public ResponseCacheSpec? Cache { get; init; }

    /// <summary>Whether the generation is loaded by the requests for it; where it is loaded the route does not say then.</summary>
    [Id(40), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public bool OnDemand { get; init; }

    /// <summary>How long it took until the generation was loaded and warm, in seconds; null: nothing was loaded.</summary>
    [Id(43), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public double? LoadSeconds { get; init; }

    /// <summary>What runs the model, as configurations of the inference protocol call it (<c>pytorch</c>, <c>dotnet</c>); null: ONNX Runtime.</summary>
    [Id(44), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Backend { get; init; }

    /// <summary>How many requests its callers together may make; null: any number.</summary>
    [Id(60), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public RateLimit? RateLimit { get; init; }

    /// <summary>Which requests are written to a dataset with their answers; null: none.</summary>
    [Id(80), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public PayloadLogSpec? PayloadLog { get; init; }
}
