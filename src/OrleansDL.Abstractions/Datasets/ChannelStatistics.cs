namespace OrleansDL.Datasets;

/// <summary>What is known of one channel. For images a value is the mean of one image's channel, from 0 (dark) to 1; for tensors it is one element.</summary>
[GenerateSerializer, Immutable, Alias("channel-statistics")]
public sealed record ChannelStatistics
{
    /// <summary>Values looked at: of large images only some are looked at.</summary>
    [Id(0)] public required long Count { get; init; }
    [Id(1)] public required double Min { get; init; }
    [Id(2)] public required double Max { get; init; }
    [Id(3)] public required double Mean { get; init; }

    /// <summary>Sum of squared deviations from the mean.</summary>
    [Id(4)] public required double M2 { get; init; }
}
