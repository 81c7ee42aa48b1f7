namespace OrleansDL.Training;

/// <summary>What a run remembers of the ranks that train its attempt together.</summary>
[GenerateSerializer, Alias("gang-state")]
internal sealed record GangState
{
    /// <summary>Base64 of what the attempt's ranks know each other by.</summary>
    [Id(0)] public string Secret { get; init; } = "";

    /// <summary>Where the ranks listen, by rank; null until all have said so.</summary>
    [Id(1)] public IReadOnlyList<string>? Addresses { get; init; }

    /// <summary>How those ended that have, in the order in which they said so.</summary>
    [Id(2)] public IReadOnlyList<RunOutcome> Ends { get; init; } = [];
}
