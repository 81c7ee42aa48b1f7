namespace OrleansDL.Training;

/// <summary>What a project may hold of a pool.</summary>
[GenerateSerializer, Immutable, Alias("pool-quota")]
public sealed record PoolQuota
{
    /// <summary>Slots that are the project's whenever it wants them. What it leaves unused others may borrow until then.</summary>
    [Id(0)] public required int Slots { get; init; }

    /// <summary>Slots it may hold at most, its own and borrowed; null: as many as there are.</summary>
    [Id(1)] public int? Limit { get; init; }
}
