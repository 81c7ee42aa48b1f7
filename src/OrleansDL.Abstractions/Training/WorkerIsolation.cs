namespace OrleansDL.Training;

/// <summary>How a worker keeps user code apart, found out by trying when it starts.</summary>
[GenerateSerializer, Immutable, Alias("worker-isolation")]
public sealed record WorkerIsolation
{
    /// <summary><c>bubblewrap</c>; <c>none</c>: user code is refused; <c>unsafe</c>: it runs without a sandbox, as the worker was told.</summary>
    [Id(0)] public required string Kind { get; init; }

    /// <summary>Why there is no sandbox, and what helps; null when there is one.</summary>
    [Id(1)] public string? Reason { get; init; }

    /// <summary>What enforces each limit (<c>memory</c>, <c>processes</c>, <c>files</c>, <c>disk</c>, <c>cpus</c>): <c>cgroup v2</c>,
    /// <c>cgroup v1</c>, <c>prlimit</c>, <c>watched</c> (measured several times a second, and ended above it) or <c>none</c>.</summary>
    [Id(2)] public IReadOnlyDictionary<string, string> Limits { get; init; } = new Dictionary<string, string>();
}
