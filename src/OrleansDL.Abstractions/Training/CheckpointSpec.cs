namespace OrleansDL.Training;

/// <summary>Which checkpoints of a run are kept, also after its end, and how they are spaced when <c>checkpointSeconds</c> is 0.</summary>
[GenerateSerializer, Immutable, Alias("checkpoint-spec")]
public sealed record CheckpointSpec
{
    /// <summary>The newest so many, 1 to 100; default 1.</summary>
    [Id(0)] public int? KeepLast { get; init; }

    /// <summary>And the best so many of those at the end of an epoch, by the run's metric, 0 to 100; default 0. With it every epoch ends with a checkpoint.</summary>
    [Id(1)] public int? KeepBest { get; init; }

    /// <summary>Mean seconds between two losses of a worker, 60 to 1e9; default 21600.</summary>
    [Id(2)] public double? LossSeconds { get; init; }
}
