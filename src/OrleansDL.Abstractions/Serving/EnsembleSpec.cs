namespace OrleansDL.Serving;

/// <summary>A graph of deployments that answers as one model. A step runs when every tensor it reads is there; steps that read the same tensor run at the same time.</summary>
/// <remarks>Field for field Triton's <c>ensemble_scheduling</c>, and conditions besides.</remarks>
[GenerateSerializer, Immutable, Alias("ensemble-spec")]
public sealed record EnsembleSpec
{
    /// <summary>Tensors a request brings, 1 to 64.</summary>
    [Id(0)] public required IReadOnlyList<EnsembleTensor> Inputs { get; init; }

    /// <summary>Tensors an answer has, 1 to 64; each is made by a step.</summary>
    [Id(1)] public required IReadOnlyList<EnsembleTensor> Outputs { get; init; }

    /// <summary>1 to 64. Their order matters only where several make the same tensor: the first that can run does.</summary>
    [Id(2)] public required IReadOnlyList<EnsembleStep> Steps { get; init; }

    /// <summary>Requests in flight on one server, 1 to 1,000,000; what comes on top is refused at once.</summary>
    [Id(3)] public int MaximumInFlight { get; init; } = 1024;
}
