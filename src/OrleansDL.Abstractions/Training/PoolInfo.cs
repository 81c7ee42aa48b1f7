namespace OrleansDL.Training;

/// <summary>A pool as it stands now.</summary>
[GenerateSerializer, Immutable, Alias("pool-info")]
public sealed record PoolInfo
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public required PoolSettings Settings { get; init; }

    /// <summary>Workers that take work.</summary>
    [Id(2)] public required int Workers { get; init; }

    /// <summary>Slots of those workers.</summary>
    [Id(3)] public required int Slots { get; init; }
    [Id(4)] public required int FreeSlots { get; init; }

    /// <summary>Runs that hold slots.</summary>
    [Id(5)] public required int Running { get; init; }

    /// <summary>Runs that wait, in the order in which they are served.</summary>
    [Id(6)] public required IReadOnlyList<PoolWait> Queue { get; init; }
}
