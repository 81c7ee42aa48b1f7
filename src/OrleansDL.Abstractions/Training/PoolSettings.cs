namespace OrleansDL.Training;

/// <summary>How a pool shares its slots.</summary>
[GenerateSerializer, Immutable, Alias("pool-settings")]
public sealed record PoolSettings
{
    [Id(0)] public PoolPolicy Policy { get; init; }

    /// <summary>fairShare: weight by project, above 0; a project that is not named has 1.</summary>
    [Id(1)] public IReadOnlyDictionary<string, double> Weights { get; init; } = new Dictionary<string, double>();

    /// <summary>By project; one that is not named owns nothing and may borrow everything.</summary>
    [Id(2)] public IReadOnlyDictionary<string, PoolQuota> Quotas { get; init; } = new Dictionary<string, PoolQuota>();

    /// <summary>Whether a run may be sent away, with a checkpoint, for one that goes before it.</summary>
    [Id(3)] public bool Preemption { get; init; } = true;

    /// <summary>Seconds for which a run that was started may not be sent away, at least; 0 to 86400.</summary>
    [Id(4)] public double MinimumRunSeconds { get; init; } = 600;

    /// <summary>... and at least so many times what its restart costs; 0 to 1000.</summary>
    [Id(5)] public double RestartFactor { get; init; } = 5;

    /// <summary>Seconds after which a run that waits goes before all others, plus <see cref="PatienceFactor"/> times what it has been served; 1 to 31536000.</summary>
    [Id(6)] public double PatienceSeconds { get; init; } = 7200;

    /// <summary>How much longer a run that has been served already may wait, in times of that; 0 to 1000.</summary>
    [Id(7)] public double PatienceFactor { get; init; } = 1;
}
