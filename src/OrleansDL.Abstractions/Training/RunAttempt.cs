namespace OrleansDL.Training;

/// <summary>An attempt of a run, and who trained it.</summary>
[GenerateSerializer, Immutable, Alias("run-attempt")]
public sealed record RunAttempt
{
    /// <summary>From 1.</summary>
    [Id(0)] public required int Attempt { get; init; }

    /// <summary>Names of the workers by rank, one of them as often as it held ranks. Their number is that of the processes which trained together.</summary>
    [Id(1)] public required IReadOnlyList<string> Workers { get; init; }

    /// <summary>Step of the checkpoint it went on from; 0: it began anew.</summary>
    [Id(2)] public long FromStep { get; init; }

    /// <summary>When it was given its slots.</summary>
    [Id(3)] public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Why it ended and the run did not: what was lost, what failed, or that it was sent away; null for the last.</summary>
    [Id(4)] public string? Ended { get; init; }
}
