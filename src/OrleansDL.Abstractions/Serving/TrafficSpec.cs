namespace OrleansDL.Serving;

/// <summary>Which version answers a request that names none. A version that is not ready is stood in for by the one that would answer without any of this.</summary>
[GenerateSerializer, Immutable, Alias("traffic-spec")]
public sealed record TrafficSpec
{
    /// <summary>Shares that make up 100 percent; empty with a canary, or where the rules alone count.</summary>
    [Id(0)] public IReadOnlyList<TrafficShare> Shares { get; init; } = [];

    /// <summary>Header that names the user: requests with the same value get the same version as long as shares only grow in one direction. Null, or a request without it: by chance.</summary>
    [Id(1)] public string? KeyHeader { get; init; }

    /// <summary>Looked at first, in this order; 32 at most.</summary>
    [Id(2)] public IReadOnlyList<TrafficRule> Rules { get; init; } = [];

    /// <summary>A version that is tried on a growing share.</summary>
    [Id(3)] public CanarySpec? Canary { get; init; }

    /// <summary>A version whose answers are compared with those that callers get; null: none.</summary>
    [Id(80)] public ShadowSpec? Shadow { get; init; }
}
