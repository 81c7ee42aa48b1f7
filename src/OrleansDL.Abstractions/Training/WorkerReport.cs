namespace OrleansDL.Training;

/// <summary>What a worker tells the scheduler of itself, at start and every two seconds.</summary>
[GenerateSerializer, Immutable, Alias("worker-report")]
public sealed record WorkerReport
{
    /// <summary>Name of the worker, unique in the cluster; grains on it have keys beginning with it.</summary>
    [Id(0)] public required string Worker { get; init; }

    /// <summary>Changes with every start of the process: the silo's address with its generation.</summary>
    [Id(1)] public required string Incarnation { get; init; }
    [Id(2)] public required string Pool { get; init; }

    /// <summary><c>cpu</c> or <c>cuda:0</c>.</summary>
    [Id(3)] public required string Device { get; init; }
    [Id(4)] public required int Slots { get; init; }

    /// <summary>Attempts whose processes run on it.</summary>
    [Id(5)] public IReadOnlyList<Guid> Runs { get; init; } = [];

    /// <summary>Whether it takes no new work because it is about to leave.</summary>
    [Id(6)] public bool Draining { get; init; }
    [Id(7)] public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The processes of those attempts.</summary>
    [Id(8)] public IReadOnlyList<RunnerInfo> Runners { get; init; } = [];

    /// <summary>Bytes of memory of its machine that runs may use; 0: not told.</summary>
    [Id(9)] public long Memory { get; init; }
}
