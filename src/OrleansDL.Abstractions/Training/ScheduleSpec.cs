namespace OrleansDL.Training;

/// <summary>How the learning rate moves with the steps. It is a function of the step and the number of steps alone.</summary>
[GenerateSerializer, Immutable, Alias("schedule-spec")]
public sealed record ScheduleSpec
{
    /// <summary><c>constant</c>, <c>step</c>, <c>cosine</c>, <c>onecycle</c>, <c>linear</c> or <c>polynomial</c>.</summary>
    [Id(0)] public string Kind { get; init; } = "constant";

    /// <summary>Steps in which the rate rises to learningRate: evenly from zero, or, for onecycle, along a cosine from 1/25 of it.</summary>
    [Id(1)] public long? WarmupSteps { get; init; }

    /// <summary>The same as a share of all steps, 0 to 0.9. Default 0; onecycle: 0.3.</summary>
    [Id(2)] public double? WarmupFraction { get; init; }

    /// <summary>cosine, linear, polynomial, onecycle: where the rate ends, as a share of learningRate, 0 to 1. Default 0; onecycle: 4e-6.</summary>
    [Id(3)] public double? FinalFraction { get; init; }

    /// <summary>step: epochs after which the rate is multiplied by <see cref="Factor"/>, again and again. Required for it.</summary>
    [Id(4)] public int? EveryEpochs { get; init; }

    /// <summary>step: 0.0001 to 1; default 0.1.</summary>
    [Id(5)] public double? Factor { get; init; }

    /// <summary>polynomial: 0.1 to 10; default 2.</summary>
    [Id(6)] public double? Power { get; init; }
}
