namespace OrleansDL.Training;

/// <summary>
/// Looks for a learning rate before the first step (Smith 2017, "Cyclical Learning Rates for Training Neural Networks"): a sweep of steps whose rate grows
/// exponentially, from the weights the run begins with, which are put back afterwards. The rate at which the loss fell fastest is taken for learningRate.
/// </summary>
[GenerateSerializer, Immutable, Alias("rate-finder-spec")]
public sealed record RateFinderSpec
{
    /// <summary>Rate of the first step, 1e-12 to 1000; null: 1e-7.</summary>
    [Id(0)] public double? Least { get; init; }

    /// <summary>Rate of the last step, 1e-12 to 1000; null: 10. The sweep ends before it when the loss grows to four times its least.</summary>
    [Id(1)] public double? Greatest { get; init; }

    /// <summary>Steps of the sweep, 20 to 10000; null: 100.</summary>
    [Id(2)] public int? Steps { get; init; }

    /// <summary>What follows: <c>train</c> with the rate that was found, or <c>stop</c>: the run ends with the curve and the rate, without a model. Null: train.</summary>
    [Id(3)] public string? Then { get; init; }
}
