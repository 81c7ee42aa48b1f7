namespace OrleansDL.Training;

/// <summary>A run that waits in a pool.</summary>
[GenerateSerializer, Immutable, Alias("pool-wait")]
public sealed record PoolWait
{
    [Id(0)] public required Guid Run { get; init; }
    [Id(1)] public required string Project { get; init; }

    /// <summary>Place in the queue, from 1.</summary>
    [Id(2)] public required int Position { get; init; }
    [Id(3)] public required int Slots { get; init; }
    [Id(4)] public required int Priority { get; init; }
    [Id(5)] public required DateTimeOffset Since { get; init; }
    [Id(6)] public required string Reason { get; init; }
    [Id(7)] public DateTimeOffset? EstimatedStart { get; init; }
}
