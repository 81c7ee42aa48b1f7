namespace OrleansDL.Training;

/// <summary>What happens at a step whose loss or gradient is no number, or whose loss leaps.</summary>
[GenerateSerializer, Immutable, Alias("guard-spec")]
public sealed record GuardSpec
{
    /// <summary><c>skip</c>: the weights stay as they are. <c>rollback</c>: they go back to the last good ones, and training goes on behind the bad batch. <c>stop</c>: the run fails.</summary>
    [Id(0)] public string Action { get; init; } = "skip";

    /// <summary>A loss of more than this many times the median of the recent ones is a leap, 1.1 to 1e6; null: only what is no number counts.</summary>
    [Id(1)] public double? SpikeFactor { get; init; }

    /// <summary>Recent losses the median is of, 8 to 1024; default 64. No loss is a leap before a quarter of them are there.</summary>
    [Id(2)] public int? Window { get; init; }

    /// <summary>rollback: steps between the states it goes back to, 1 to 100000; default 100.</summary>
    [Id(3)] public int? GoodSteps { get; init; }

    /// <summary>Bad steps after which the run fails all the same, 1 to 100000; default 10.</summary>
    [Id(4)] public int? Limit { get; init; }
}
