namespace OrleansDL.Training;

/// <summary>Where one of the workers that train a run together listens for the others. Body of <c>POST /rendezvous</c> on a runner's socket.</summary>
[GenerateSerializer, Immutable, Alias("rank-address")]
public sealed record RankAddress
{
    [Id(0)] public required int Attempt { get; init; }

    /// <summary>From 0.</summary>
    [Id(1)] public required int Rank { get; init; }

    /// <summary><c>host:port</c>.</summary>
    [Id(2)] public required string Address { get; init; }
}
