namespace OrleansDL.Training.Scheduling;

/// <summary>A run as the policy sees it: what it wants, what it has had, what it holds.</summary>
internal sealed record PolicyJob
{
    public required Guid Id { get; init; }
    public string Project { get; init; } = "";

    /// <summary>Members of the gang; each takes <see cref="Slots"/> slots of one worker.</summary>
    public int Members { get; init; } = 1;
    public int Slots { get; init; } = 1;

    /// <summary>Members that will do where the pool could not hold <see cref="Members"/> if all of it were free; 0: all of them.</summary>
    public int LeastMembers { get; init; }

    /// <summary>Bytes each member needs; 0: not counted.</summary>
    public long Memory { get; init; }

    /// <summary>Kind of device it must have; null: any.</summary>
    public string? DeviceKind { get; init; }

    /// <summary>Whether it executes user code.</summary>
    public bool UserCode { get; init; }

    /// <summary>Higher goes first.</summary>
    public int Priority { get; init; }

    /// <summary>When it first asked.</summary>
    public required DateTimeOffset QueuedAt { get; init; }

    /// <summary>When this wait or this stay began.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>How long it has held slots before this stay.</summary>
    public TimeSpan Served { get; init; }

    /// <summary>How long it will run in all, as its owner says; null: not said.</summary>
    public TimeSpan? Limit { get; init; }

    /// <summary>How long it still needs, as its progress tells, counted from <see cref="LeftAt"/>; null: not told.</summary>
    public TimeSpan? Left { get; init; }
    public DateTimeOffset LeftAt { get; init; }

    /// <summary>What going on from a checkpoint costs.</summary>
    public TimeSpan RestartCost { get; init; }

    /// <summary>Whether its owner lets it be sent away.</summary>
    public bool Preemptible { get; init; } = true;

    /// <summary>The slots it holds; empty while it waits.</summary>
    public IReadOnlyList<PolicySeat> Seats { get; init; } = [];

    /// <summary>Whether it was told to leave and holds its slots only until it has.</summary>
    public bool Leaving { get; init; }

    /// <summary>Whether it was started because it had waited too long; it is then left alone for longer.</summary>
    public bool Overdue { get; init; }

    public bool Holds => Seats.Count > 0;

    public int TotalSlots => Members * Slots;

    /// <summary>How long it has held slots until now.</summary>
    public TimeSpan ServedUntil(DateTimeOffset now) => Holds ? Served + (now - Since) : Served;

    /// <summary>How long it still needs, by its progress or else by its limit; null: nobody knows. An overrun limit tells nothing.</summary>
    public TimeSpan? LeftUntil(DateTimeOffset now)
    {
        if (Left is { } left)
        {
            // Time that passed while it waited did not bring it further.
            var passed = Holds ? now - LeftAt : TimeSpan.Zero;
            return left > passed ? left - passed : TimeSpan.Zero;
        }

        return Limit - ServedUntil(now) is { } rest && rest > TimeSpan.Zero ? rest : null;
    }
}
