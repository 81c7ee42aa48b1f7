namespace OrleansDL.Training.Scheduling;

/// <summary>A worker that may be given work.</summary>
internal sealed record PolicyWorker
{
    public required string Name { get; init; }
    public required int Slots { get; init; }

    /// <summary>Bytes of memory it has for runs; 0: unknown, and not counted.</summary>
    public long Memory { get; init; }

    /// <summary><c>cpu</c> or <c>cuda</c>.</summary>
    public string DeviceKind { get; init; } = "cpu";
}
