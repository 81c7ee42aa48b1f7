namespace OrleansDL.Serving;

/// <summary>What a worker needs to serve one generation of a deployment.</summary>
[GenerateSerializer, Immutable, Alias("replica-spec")]
public sealed record ReplicaSpec
{
    [Id(0)] public required Guid Deployment { get; init; }
    [Id(1)] public required string DeploymentName { get; init; }

    /// <summary>Number of the generation: one model version as served by one deployment.</summary>
    [Id(2)] public required long Generation { get; init; }
    [Id(3)] public required string ModelName { get; init; }
    [Id(4)] public required long ModelVersion { get; init; }
    [Id(5)] public required IReadOnlyDictionary<string, BlobRef> Artifact { get; init; }

    /// <summary>How requests are run together; null: each for itself, at once.</summary>
    [Id(6)] public BatchingSpec? Batching { get; init; }

    /// <summary>How sequences of requests are kept apart and run together; null: requests have nothing to do with one another.</summary>
    [Id(27)] public SequenceSpec? Sequence { get; init; }

    /// <summary>Whether callers' tensors are raw rows and labels.</summary>
    [Id(70)] public bool Raw { get; init; }

    /// <summary>Whether it may be evicted when the room is needed.</summary>
    [Id(40)] public bool Evictable { get; init; }

    /// <summary>How it comes and goes with the requests; null: it stays.</summary>
    [Id(41)] public ResidencySpec? Residency { get; init; }

    /// <summary>Whether a request waits for it.</summary>
    [Id(42)] public bool Awaited { get; init; }

    /// <summary>The project of the deployment.</summary>
    [Id(50)] public string Project { get; init; } = "";

    /// <summary>Whether it runs in a process of its project's isolated models, not in the worker.</summary>
    [Id(51)] public bool Isolated { get; init; }

    /// <summary>Seconds one execution may take; null: as the worker says.</summary>
    [Id(52)] public double? HangSeconds { get; init; }

    /// <summary>The process of its own in which it runs, with its limits; null: its project's.</summary>
    [Id(75)] public ProcessSpec? Process { get; init; }

    /// <summary>What the model is run on before it answers; null: one row of zeros.</summary>
    [Id(60)] public IReadOnlyList<WarmUp>? WarmUps { get; init; }

    /// <summary>How ONNX Runtime runs the model; null: as every other.</summary>
    [Id(61)] public RuntimeSettings? Runtime { get; init; }

    /// <summary>The device that the worker has; null: any.</summary>
    [Id(73)] public string? Device { get; init; }

    /// <summary>How requests of different shapes run together; null: they do not.</summary>
    [Id(53)] public RaggedSpec? Ragged { get; init; }
}
