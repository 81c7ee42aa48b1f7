namespace OrleansDL.Training;

/// <summary>How far a run is.</summary>
[GenerateSerializer, Immutable, Alias("run-progress")]
public sealed record RunProgress
{
    [Id(0)] public required long Step { get; init; }
    [Id(1)] public required long TotalSteps { get; init; }
    [Id(2)] public int Epoch { get; init; }
    [Id(3)] public double SamplesPerSecond { get; init; }

    /// <summary>Estimated seconds until the run ends; null before it can be told.</summary>
    [Id(4)] public double? EtaSeconds { get; init; }
}
