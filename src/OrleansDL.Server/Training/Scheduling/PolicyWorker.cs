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

    /// <summary>Why it runs no user code; null: it does.</summary>
    public string? NoUserCode { get; init; }

    /// <summary>Whether it is of the kind a run asks for, however full it is.</summary>
    public bool Suits(PolicyJob job) => (job.DeviceKind is null || job.DeviceKind == DeviceKind) && !(job.UserCode && NoUserCode is not null);
}
