namespace OrleansDL.Training;

/// <summary>What user code may use. A run that goes beyond a limit fails, and its reason names the limit.</summary>
[GenerateSerializer, Immutable, Alias("code-limits")]
public sealed record CodeLimits
{
    /// <summary>Memory of all its processes together, 16 MiB to 16 TiB. Default 2 GiB.</summary>
    [Id(0)] public long MemoryBytes { get; init; } = 2L << 30;

    /// <summary>Processes and threads together, 4 to 65536. Default 512.</summary>
    [Id(1)] public int Processes { get; init; } = 512;

    /// <summary>Files one process may have open, 16 to 65536. Default 1024.</summary>
    [Id(2)] public int Files { get; init; } = 1024;

    /// <summary>Bytes it may keep in its output and checkpoint folders together, 1 MiB to 16 TiB. Default 10 GiB.</summary>
    [Id(3)] public long DiskBytes { get; init; } = 10L << 30;

    /// <summary>Cores' worth of processor time, 0.1 to 1024; null: the run's threads.</summary>
    [Id(4)] public double? Cpus { get; init; }
}
