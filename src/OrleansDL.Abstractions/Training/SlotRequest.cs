namespace OrleansDL.Training;

/// <summary>A run's wish for slots, all of them or none.</summary>
[GenerateSerializer, Immutable, Alias("slot-request")]
public sealed record SlotRequest
{
    [Id(0)] public required Guid Run { get; init; }
    [Id(1)] public required int Attempt { get; init; }

    /// <summary>Slots of each member, on one worker.</summary>
    [Id(2)] public required int Slots { get; init; }
    [Id(3)] public required DateTimeOffset QueuedAt { get; init; }

    /// <summary>Members of the gang; they may sit on one worker or on several.</summary>
    [Id(4)] public int Members { get; init; } = 1;
    [Id(5)] public string Project { get; init; } = "";

    /// <summary>Higher goes first.</summary>
    [Id(6)] public int Priority { get; init; }

    /// <summary>Bytes each member needs; 0: not counted.</summary>
    [Id(7)] public long Memory { get; init; }

    /// <summary><c>cpu</c> or <c>cuda</c>; null: any.</summary>
    [Id(8)] public string? DeviceKind { get; init; }

    /// <summary>How long the run may take in all, as its owner says.</summary>
    [Id(9)] public double? LimitSeconds { get; init; }

    /// <summary>How long the run still needs, as its progress tells now.</summary>
    [Id(10)] public double? LeftSeconds { get; init; }

    /// <summary>How long earlier attempts held slots.</summary>
    [Id(11)] public double ServedSeconds { get; init; }

    /// <summary>What going on from a checkpoint costs.</summary>
    [Id(12)] public double RestartSeconds { get; init; }

    /// <summary>Whether it may be sent away for another.</summary>
    [Id(13)] public bool Preemptible { get; init; } = true;

    /// <summary>Whether it executes user code, which not every worker can keep apart.</summary>
    [Id(50)] public bool UserCode { get; init; }

    /// <summary>Members that will do where the pool cannot hold <see cref="Members"/>; 0: all of them.</summary>
    [Id(57)] public int LeastMembers { get; init; }
}
