namespace OrleansDL.Benchmarks.Scheduling;

/// <summary>What a policy made of a load; times in seconds.</summary>
internal sealed record SimulationResult
{
    /// <summary>Mean of end minus arrival.</summary>
    public required double MeanCompletion { get; init; }

    /// <summary>Mean of the time there over the time needed, which counts as 10 s at least.</summary>
    public required double MeanSlowdown { get; init; }

    /// <summary>Longest that any job went without slots in one piece.</summary>
    public required double GreatestWait { get; init; }
    public required double Preemptions { get; init; }
    public required int Unfinished { get; init; }

    public static SimulationResult Of(IReadOnlyList<SimulatedJob> jobs, double[] ends, double greatestWait, int preemptions) => new()
    {
        MeanCompletion = jobs.Average(job => ends[job.Number] - job.Arrival),
        MeanSlowdown = jobs.Average(job => Math.Max(1, (ends[job.Number] - job.Arrival) / Math.Max(10, job.Duration))),
        GreatestWait = greatestWait,
        Preemptions = preemptions,
        Unfinished = ends.Count(double.IsNaN),
    };

    public static SimulationResult Mean(IReadOnlyList<SimulationResult> results) => new()
    {
        MeanCompletion = results.Average(r => r.MeanCompletion),
        MeanSlowdown = results.Average(r => r.MeanSlowdown),
        GreatestWait = results.Max(r => r.GreatestWait),
        Preemptions = results.Average(r => r.Preemptions),
        Unfinished = results.Sum(r => r.Unfinished),
    };
}
