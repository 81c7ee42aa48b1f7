namespace OrleansDL.Datasets;

/// <summary>What became of a batch prediction's work.</summary>
[GenerateSerializer, Immutable, Alias("batch-prediction-outcome")]
public sealed record BatchPredictionOutcome
{
    /// <summary>The version it became; null when it failed.</summary>
    [Id(0)] public long? Version { get; init; }

    /// <summary>Why it failed.</summary>
    [Id(1)] public string? Error { get; init; }
}
