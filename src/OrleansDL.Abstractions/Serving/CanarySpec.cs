namespace OrleansDL.Serving;

/// <summary>A version that is given more requests step by step as long as it does as well as the one before it.</summary>
/// <remarks>Each step lasts until it is long enough and has had enough requests; then the canary is judged by what it did since the step began.</remarks>
[GenerateSerializer, Immutable, Alias("canary-spec")]
public sealed record CanarySpec
{
    /// <summary>The version that gets the rest, and everything after a rollback.</summary>
    [Id(0)] public required long Stable { get; init; }

    /// <summary>The version that is tried, and gets everything after the last step.</summary>
    [Id(1)] public required long Canary { get; init; }

    /// <summary>Percent of the requests in each step, ascending, above 0 and below 100; 1 to 16 steps.</summary>
    [Id(2)] public IReadOnlyList<double> Steps { get; init; } = [5, 25, 50];

    /// <summary>Shortest step, 20 to 604,800: what is judged is measured in windows of 10 seconds.</summary>
    [Id(3)] public int StepSeconds { get; init; } = 60;

    /// <summary>Fewest requests that the canary is judged by, 1 to 1,000,000,000. With fewer the step goes on.</summary>
    [Id(4)] public long MinimumRequests { get; init; } = 50;

    /// <summary>Most of its requests that may fail by the server's fault (5xx), 0 to 1, beyond those that fail with the stable version.</summary>
    [Id(5)] public double MaximumErrorRatio { get; init; } = 0.01;

    /// <summary>How many times the stable version's 99th percentile of latency it may take, from 1 on; 0: it may take any time.</summary>
    [Id(6)] public double MaximumLatencyRatio { get; init; } = 1.5;

    /// <summary>Fewest answered rows of each version whose labels feedback has judged, up to 1,000,000,000: with fewer the step goes on. 0: accuracy does not count.</summary>
    [Id(73)] public long MinimumJudged { get; init; }

    /// <summary>How far its accuracy may lie below the stable version's, 0 to 1. Counts with <see cref="MinimumJudged"/> only.</summary>
    [Id(74)] public double MaximumAccuracyLoss { get; init; } = 0.02;
}
