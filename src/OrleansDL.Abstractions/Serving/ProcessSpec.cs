namespace OrleansDL.Serving;

/// <summary>A process of a deployment's own on each worker, and what it may take: its end or its hunger costs no other deployment anything.</summary>
[GenerateSerializer, Immutable, Alias("process-spec")]
public sealed record ProcessSpec
{
    /// <summary>Memory of the process and all it starts, 128 MiB to 16 TiB; beyond it is ended, and started again. Null: as much as the worker has.</summary>
    [Id(0)] public long? MemoryBytes { get; init; }

    /// <summary>Cores' worth of processor time, 0.1 to 1024, where the worker has control groups for that; null: as much as there is.</summary>
    [Id(1)] public double? Cpus { get; init; }
}
