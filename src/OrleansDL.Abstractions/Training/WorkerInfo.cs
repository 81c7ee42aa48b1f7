using OrleansDL.Serving;

namespace OrleansDL.Training;

/// <summary>A worker as the scheduler sees it.</summary>
[GenerateSerializer, Immutable, Alias("worker-info")]
public sealed record WorkerInfo
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public required string Incarnation { get; init; }
    [Id(2)] public required string Pool { get; init; }
    [Id(3)] public required string Device { get; init; }
    [Id(4)] public required int Slots { get; init; }
    [Id(5)] public required int FreeSlots { get; init; }
    [Id(6)] public required bool Alive { get; init; }
    [Id(7)] public required bool Draining { get; init; }
    [Id(8)] public required DateTimeOffset LastSeenAt { get; init; }
    [Id(9)] public IReadOnlyList<Guid> Runs { get; init; } = [];
    [Id(10)] public IReadOnlyList<RunnerInfo> Runners { get; init; } = [];

    /// <summary>Its memory for models; null: it is away.</summary>
    [Id(40)] public ModelHost? Models { get; init; }

    /// <summary>How it keeps user code apart; null: an older worker, which runs none.</summary>
    [Id(50)] public WorkerIsolation? Isolation { get; init; }
}
