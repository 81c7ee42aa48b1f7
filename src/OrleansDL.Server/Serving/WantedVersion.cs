using System.Text.Json.Serialization;

namespace OrleansDL.Serving;

/// <summary>The model version a deployment should serve, and the number it is served under once it has one.</summary>
[GenerateSerializer, Immutable, Alias("wanted-version")]
internal sealed record WantedVersion
{
    [Id(0)] public Guid Model { get; init; }
    [Id(1)] public string ModelName { get; init; } = "";
    [Id(2)] public long Version { get; init; }
    [Id(3)] public IReadOnlyDictionary<string, BlobRef> Artifact { get; init; } = new Dictionary<string, BlobRef>();
    [Id(4)] public long? Generation { get; init; }

    /// <summary>How this generation runs requests together.</summary>
    [Id(5)] public BatchingSpec? Batching { get; init; }

    /// <summary>How this generation keeps sequences.</summary>
    [Id(26)] public SequenceSpec? Sequence { get; init; }

    /// <summary>The number callers know it by; null: <see cref="Version"/>.</summary>
    [Id(6)] public long? Number { get; init; }

    /// <summary>The graph that answers instead of a model; null: a model does.</summary>
    [Id(70)] public EnsembleSpec? Ensemble { get; init; }

    /// <summary>Whether callers of the inference protocol send raw rows.</summary>
    [Id(72), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public bool Raw { get; init; }

    /// <summary>Whether it is loaded by the requests for it.</summary>
    [Id(40), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public bool OnDemand { get; init; }

    /// <summary>Whether it runs in a process of isolated models.</summary>
    [Id(50), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public bool Isolated { get; init; }

    /// <summary>Seconds one execution may take; null: as the worker says.</summary>
    [Id(51)] public double? HangSeconds { get; init; }

    /// <summary>The process of its own, with its limits; null: it has none.</summary>
    [Id(75), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public ProcessSpec? Process { get; init; }

    /// <summary>The device its workers have; null: any.</summary>
    [Id(73), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Device { get; init; }

    /// <summary>How ONNX Runtime runs this generation; null: as every other, or as was not yet written down.</summary>
    [Id(53), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public RuntimeSettings? Runtime { get; init; }

    /// <summary>How this generation runs requests of different shapes together; null: it does not.</summary>
    [Id(54), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public RaggedSpec? Ragged { get; init; }

    [JsonIgnore]
    public long PublicNumber => Number ?? Version;
}
