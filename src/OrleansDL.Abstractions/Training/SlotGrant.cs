namespace OrleansDL.Training;

/// <summary>Where a wish for slots stands.</summary>
[GenerateSerializer, Immutable, Alias("slot-grant")]
public sealed record SlotGrant
{
    /// <summary>The worker whose slots are leased; null while waiting.</summary>
    [Id(0)] public string? Worker { get; init; }

    /// <summary>Incarnation of that worker: a worker that restarted holds none of its old leases.</summary>
    [Id(1)] public string? Incarnation { get; init; }

    /// <summary>1-based place in the queue while waiting.</summary>
    [Id(2)] public int? Position { get; init; }

    /// <summary>Why it waits.</summary>
    [Id(3)] public string? Reason { get; init; }

    /// <summary>Whether the worker that held the lease is gone, so that the attempt is lost.</summary>
    [Id(4)] public bool Lost { get; init; }
}
