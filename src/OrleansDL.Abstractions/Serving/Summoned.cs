namespace OrleansDL.Serving;

/// <summary>What came of asking for a generation that was not loaded.</summary>
[GenerateSerializer, Immutable, Alias("summoned")]
public sealed record Summoned
{
    /// <summary>Workers that have it now.</summary>
    [Id(0)] public IReadOnlyList<string> Workers { get; init; } = [];

    /// <summary>Why no worker has; null where one does, or <see cref="Gone"/>.</summary>
    [Id(1)] public string? Reason { get; init; }

    /// <summary>Whether the deployment no longer serves the generation: a newer route says what instead.</summary>
    [Id(2)] public bool Gone { get; init; }
}
