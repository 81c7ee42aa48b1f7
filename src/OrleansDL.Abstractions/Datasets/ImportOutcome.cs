namespace OrleansDL.Datasets;

/// <summary>What became of an import's work.</summary>
[GenerateSerializer, Immutable, Alias("import-outcome")]
public sealed record ImportOutcome
{
    /// <summary>The version it became; null when it failed.</summary>
    [Id(0)] public long? Version { get; init; }

    /// <summary>Why it failed.</summary>
    [Id(1)] public string? Error { get; init; }
}
