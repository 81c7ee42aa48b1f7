namespace OrleansDL.Training;

/// <summary>What an optimizer is set to; what is left out keeps the optimizer's usual value.</summary>
[GenerateSerializer, Immutable, Alias("optimizer-settings")]
public sealed record OptimizerSettings
{
    /// <summary>sgd: 0 to 0.9999, default 0.9 (0: plain gradient descent). rmsprop: default 0.</summary>
    [Id(0)] public double? Momentum { get; init; }

    /// <summary>sgd: looks ahead along the velocity (Nesterov); default false.</summary>
    [Id(1)] public bool? Nesterov { get; init; }

    /// <summary>adam, adamw, lion: share of the mean that stays from step to step, 0 to 0.9999; default 0.9.</summary>
    [Id(2)] public double? Beta1 { get; init; }

    /// <summary>adam, adamw: share of the mean square that stays, 0 to 0.999999, default 0.999. lion: share of the momentum that stays, default 0.99.</summary>
    [Id(3)] public double? Beta2 { get; init; }

    /// <summary>rmsprop: share of the mean square that stays, 0 to 0.999999; default 0.99.</summary>
    [Id(4)] public double? Smoothing { get; init; }

    /// <summary>adam, adamw, rmsprop: what keeps the divisor from zero, 1e-16 to 1; default 1e-8.</summary>
    [Id(5)] public double? Epsilon { get; init; }

    /// <summary>Whether weight decay reaches tensors of one dimension too (biases, scales of norms); default true.</summary>
    [Id(6)] public bool? DecayBiases { get; init; }
}
