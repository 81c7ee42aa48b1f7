namespace OrleansDL.Serving;

/// <summary>
/// How a deployment's models come and go with the requests: loaded by the first request that needs them, which waits for it, and evicted when a
/// worker needs the room. A deployment without it is loaded for good on as many workers as it says.
/// </summary>
[GenerateSerializer, Immutable, Alias("residency-spec")]
public sealed record ResidencySpec
{
    /// <summary>Whether it is loaded before anyone asks, when it is set and when a worker joins. It may be evicted like any other.</summary>
    [Id(0)] public bool Preload { get; init; }

    /// <summary>Seconds without a request after which it is unloaded, 0 to 31,536,000; 0: only when the room is needed.</summary>
    [Id(1)] public int IdleSeconds { get; init; }

    /// <summary>Workers that keep it loaded whatever happens, 0 to 64; 0: it may be loaded nowhere.</summary>
    [Id(2)] public int MinimumReplicas { get; init; }

    /// <summary>Workers that load it at most, 1 to 64: further copies come with the traffic.</summary>
    [Id(3)] public int MaximumReplicas { get; init; } = 1;

    /// <summary>Milliseconds that requests should wait on a worker at most, 1 to 60,000: while they wait longer, a further copy is loaded.</summary>
    [Id(4)] public int QueueTargetMilliseconds { get; init; } = 20;
}
