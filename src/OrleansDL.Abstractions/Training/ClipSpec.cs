namespace OrleansDL.Training;

/// <summary>Bounds on the gradients of a step, applied before the optimizer: each value first, then the norm of all together.</summary>
[GenerateSerializer, Immutable, Alias("clip-spec")]
public sealed record ClipSpec
{
    /// <summary>Greatest L2 norm of all gradients together, 1e-6 to 1e6; a longer gradient is shortened to it.</summary>
    [Id(0)] public double? Norm { get; init; }

    /// <summary>Greatest size of each single value, 1e-6 to 1e6.</summary>
    [Id(1)] public double? Value { get; init; }
}
