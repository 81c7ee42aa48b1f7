namespace OrleansDL.Serving;

/// <summary>What changed on a worker since its last notice.</summary>
[GenerateSerializer, Immutable, Alias("model-host-notice")]
public sealed record ModelHostNotice
{
    /// <summary>Changes with every start of the worker.</summary>
    [Id(0)] public required Guid Incarnation { get; init; }

    /// <summary>1, 2, 3 and so on: whoever misses one asks the worker for everything.</summary>
    [Id(1)] public required long Sequence { get; init; }
    [Id(2)] public required ModelHost Host { get; init; }

    /// <summary>Generations on demand that are loaded now.</summary>
    [Id(3)] public IReadOnlyList<long> Loaded { get; init; } = [];

    /// <summary>Generations on demand that are loaded no longer.</summary>
    [Id(4)] public IReadOnlyList<long> Gone { get; init; } = [];
}
