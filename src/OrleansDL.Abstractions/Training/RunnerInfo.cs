namespace OrleansDL.Training;

/// <summary>A training program's process on a worker, for operators.</summary>
[GenerateSerializer, Immutable, Alias("runner-info")]
public sealed record RunnerInfo
{
    [Id(0)] public required Guid Run { get; init; }
    [Id(1)] public required int Attempt { get; init; }

    /// <summary>Process id on the worker's machine; null while the attempt is being prepared or concluded.</summary>
    [Id(2)] public int? Pid { get; init; }

    /// <summary>Place among the workers that train the run together, from 0.</summary>
    [Id(57)] public int Rank { get; init; }
}
