namespace OrleansDL.Serving;

/// <summary>An input or output of an ensemble. What is left open is as the steps have it.</summary>
[GenerateSerializer, Immutable, Alias("ensemble-tensor")]
public sealed record EnsembleTensor
{
    [Id(0)] public required string Name { get; init; }

    /// <summary>Null: as the steps that read or make it have it.</summary>
    [Id(1)] public TensorElementType? Type { get; init; }

    /// <summary>-1 stands for any size; null: as the steps have it.</summary>
    [Id(2)] public IReadOnlyList<long>? Shape { get; init; }
}
