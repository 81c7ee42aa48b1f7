namespace OrleansDL.Serving;

/// <summary>How requests of different shapes run together: the model gets their elements one behind the other. Fields and meanings follow Triton's
/// <c>allow_ragged_batch</c>, <c>batch_input</c> and <c>batch_output</c>.</summary>
[GenerateSerializer, Immutable, Alias("ragged-spec")]
public sealed record RaggedSpec
{
    /// <summary>Inputs that the model has as one axis of elements, as callers see them: a batch axis, and the axes of one request.</summary>
    [Id(0)] public required IReadOnlyList<TensorSpec> Inputs { get; init; }

    /// <summary>Inputs that are made of the requests' shapes. Callers do not see them.</summary>
    [Id(1)] public IReadOnlyList<BatchInputSpec> BatchInputs { get; init; } = [];

    /// <summary>Outputs that are parted among the requests by the elements of an input; any other has a row for each of theirs.</summary>
    [Id(2)] public IReadOnlyList<ScatteredOutput> Outputs { get; init; } = [];
}
