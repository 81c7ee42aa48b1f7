namespace OrleansDL.Serving;

/// <summary>What a worker has loaded.</summary>
[GenerateSerializer, Immutable, Alias("worker-models")]
public sealed record WorkerModels
{
    [Id(0)] public required ModelHost Host { get; init; }

    /// <summary>The models, those used last first.</summary>
    [Id(1)] public required IReadOnlyList<LoadedModel> Models { get; init; }

    /// <summary>As in the worker's notices.</summary>
    [Id(2)] public Guid Incarnation { get; init; }

    /// <summary>The last notice that this takes account of.</summary>
    [Id(3)] public long Sequence { get; init; }
}
