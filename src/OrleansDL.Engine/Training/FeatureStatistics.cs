namespace OrleansDL.Training;

/// <summary>How one input looked in training.</summary>
internal sealed record FeatureStatistics
{
    public required string Name { get; init; }

    /// <summary><c>numeric</c>, <c>categorical</c> or <c>bool</c>.</summary>
    public required string Type { get; init; }
    public required long Count { get; init; }

    /// <summary>Rows that had no value.</summary>
    public long Missing { get; init; }
    public double? Mean { get; init; }
    public double? Deviation { get; init; }
    public double? Min { get; init; }
    public double? Max { get; init; }

    /// <summary>Values at 0.01, 0.05, 0.1, 0.2, ... 0.9, 0.95 and 0.99 of the sorted values.</summary>
    public IReadOnlyDictionary<string, double>? Quantiles { get; init; }

    /// <summary>Share of each value; what is unknown or missing makes up the rest.</summary>
    public IReadOnlyDictionary<string, double>? Shares { get; init; }
}
