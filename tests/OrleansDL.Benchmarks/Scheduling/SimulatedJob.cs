namespace OrleansDL.Benchmarks.Scheduling;

/// <summary>A job of the simulated load.</summary>
internal sealed record SimulatedJob
{
    public required int Number { get; init; }
    public required double Arrival { get; init; }

    /// <summary>Seconds of work.</summary>
    public required double Duration { get; init; }

    /// <summary>Slots of its gang.</summary>
    public required int Slots { get; init; }
    public required string Project { get; init; }

    /// <summary>What its owner would give as its time limit.</summary>
    public required double Limit { get; init; }

    /// <summary>By which factor its own estimate of what is left is off.</summary>
    public required double Error { get; init; }

    /// <summary>Whether it reports progress; those that do not are known by nothing but their age.</summary>
    public required bool Tells { get; init; }
}
