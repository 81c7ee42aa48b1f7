namespace OrleansDL.Serving;

/// <summary>A tensor that callers see in another shape than the model. The batch axis is in neither; open sizes (-1) are the same in number and order.</summary>
[GenerateSerializer, Immutable, Alias("tensor-reshape")]
public sealed record TensorReshape
{
    /// <summary>As callers send it or get it.</summary>
    [Id(0)] public required IReadOnlyList<long> Seen { get; init; }

    /// <summary>As the model takes it or gives it; empty: a scalar.</summary>
    [Id(1)] public required IReadOnlyList<long> Own { get; init; }
}
