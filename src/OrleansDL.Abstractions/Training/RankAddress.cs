namespace OrleansDL.Training;

/// <summary>Where one of the workers that train a run together listens for the others. Body of <c>POST /rendezvous</c> on a runner's socket.</summary>
public sealed record RankAddress
{
    public required int Attempt { get; init; }

    /// <summary>From 0.</summary>
    public required int Rank { get; init; }

    /// <summary><c>host:port</c>.</summary>
    public required string Address { get; init; }
}
