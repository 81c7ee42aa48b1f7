namespace OrleansDL.Training;

/// <summary>One value of one metric at one step.</summary>
[GenerateSerializer, Immutable, Alias("metric-point")]
public sealed record MetricPoint
{
    /// <summary>For example <c>train.loss</c>, <c>validation.accuracy</c>, <c>samplesPerSecond</c>.</summary>
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public required long Step { get; init; }
    [Id(2)] public required double Value { get; init; }
    [Id(3)] public required DateTimeOffset Time { get; init; }
}
