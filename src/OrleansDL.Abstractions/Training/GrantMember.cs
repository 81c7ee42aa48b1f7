namespace OrleansDL.Training;

/// <summary>The slots of one member of a gang.</summary>
[GenerateSerializer, Immutable, Alias("grant-member")]
public sealed record GrantMember
{
    /// <summary>0, 1, ... in the order of the workers; members of one worker follow each other.</summary>
    [Id(0)] public required int Rank { get; init; }
    [Id(1)] public required string Worker { get; init; }

    /// <summary>Incarnation of that worker: a worker that restarted holds none of its old leases.</summary>
    [Id(2)] public required string Incarnation { get; init; }
}
