using System.Text.Json.Serialization;

namespace OrleansDL.Training;

/// <summary>A run that waits for slots, or holds them.</summary>
[GenerateSerializer, Alias("scheduled-run")]
internal sealed record ScheduledRun
{
    [Id(0)] public Guid Run { get; init; }
    [Id(1)] public int Attempt { get; init; }
    [Id(2)] public string Project { get; init; } = "";
    [Id(3)] public int Members { get; init; } = 1;
    [Id(4)] public int Slots { get; init; } = 1;
    [Id(5)] public long Memory { get; init; }
    [Id(6)] public string? DeviceKind { get; init; }
    [Id(7)] public int Priority { get; init; }
    [Id(8)] public DateTimeOffset QueuedAt { get; init; }

    /// <summary>When this wait or this stay began.</summary>
    [Id(9)] public DateTimeOffset Since { get; init; }

    /// <summary>How long earlier attempts held slots.</summary>
    [Id(10)] public double ServedSeconds { get; init; }
    [Id(11)] public double? LimitSeconds { get; init; }
    [Id(12)] public double RestartSeconds { get; init; }
    [Id(13)] public bool Preemptible { get; init; } = true;

    /// <summary>The slots it holds, all of them; empty while it waits.</summary>
    [Id(14)] public List<Seat> Seats { get; init; } = [];

    /// <summary>Why it was told to leave; it holds its slots until it has. Null: it stays.</summary>
    [Id(15)] public string? Leave { get; init; }

    /// <summary>Whether it was started because it had waited too long.</summary>
    [Id(16)] public bool Overdue { get; init; }

    /// <summary>How long it said at <see cref="LeftAt"/> that it still needs. Not worth a write of its own.</summary>
    [Id(17)] public double? LeftSeconds { get; init; }
    [Id(18)] public DateTimeOffset LeftAt { get; init; }

    /// <summary>Whether it executes user code.</summary>
    [Id(50)] public bool? UserCode { get; init; }

    /// <summary>Members that will do where the pool cannot hold <see cref="Members"/>; 0: all of them.</summary>
    [Id(57), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public int LeastMembers { get; init; }

    public static ScheduledRun Of(SlotRequest request, DateTimeOffset now) => new()
    {
        Run = request.Run,
        Attempt = request.Attempt,
        Project = request.Project,
        Members = request.Members,
        LeastMembers = request.LeastMembers,
        Slots = request.Slots,
        Memory = request.Memory,
        DeviceKind = request.DeviceKind,
        UserCode = request.UserCode ? true : null,
        Priority = request.Priority,
        QueuedAt = request.QueuedAt,
        Since = now,
        ServedSeconds = request.ServedSeconds,
        LimitSeconds = request.LimitSeconds,
        RestartSeconds = request.RestartSeconds,
        Preemptible = request.Preemptible,
        LeftSeconds = request.LeftSeconds,
        LeftAt = now,
    };
}
