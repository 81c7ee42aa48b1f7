namespace OrleansDL.Training;

/// <summary>Where a wish for slots stands.</summary>
[GenerateSerializer, Immutable, Alias("slot-grant")]
public sealed record SlotGrant
{
    /// <summary>The worker whose slots are leased, of a gang that of rank 0; null while waiting.</summary>
    [Id(0)] public string? Worker { get; init; }

    /// <summary>Incarnation of that worker: a worker that restarted holds none of its old leases.</summary>
    [Id(1)] public string? Incarnation { get; init; }

    /// <summary>1-based place in the queue while waiting.</summary>
    [Id(2)] public int? Position { get; init; }

    /// <summary>Why it waits: the one reason that counts most.</summary>
    [Id(3)] public string? Reason { get; init; }

    /// <summary>Whether a worker that held the lease is gone, so that the attempt is lost.</summary>
    [Id(4)] public bool Lost { get; init; }

    /// <summary>All members, in order of rank; empty while waiting.</summary>
    [Id(5)] public IReadOnlyList<GrantMember> Members { get; init; } = [];

    /// <summary>Why the attempt must write a checkpoint and give its slots back; null: it may stay.</summary>
    [Id(6)] public string? Leave { get; init; }

    /// <summary>When it should start, if all goes as the runs before it tell; null: that cannot be said.</summary>
    [Id(7)] public DateTimeOffset? EstimatedStart { get; init; }
}
