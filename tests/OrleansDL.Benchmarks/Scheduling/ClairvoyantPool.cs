namespace OrleansDL.Benchmarks.Scheduling;

/// <summary>The bound: shortest remaining time first by one who knows every duration, with the same restart cost and gangs all or nothing.</summary>
internal static class ClairvoyantPool
{
    private const double RestartCost = 30;

    public static SimulationResult Run(IReadOnlyList<SimulatedJob> jobs)
    {
        var left = jobs.Select(job => job.Duration).ToArray();
        var runs = new bool[jobs.Count];
        var begun = new bool[jobs.Count];
        var since = jobs.Select(job => job.Arrival).ToArray();
        var ends = jobs.Select(_ => double.NaN).ToArray();
        var present = new List<int>();
        var (clock, next, preemptions, greatestWait) = (0.0, 0, 0, 0.0);
        while (next < jobs.Count || present.Count > 0)
        {
            var arrival = next < jobs.Count ? jobs[next].Arrival : double.PositiveInfinity;
            var end = present.Where(job => runs[job]).Select(job => clock + left[job]).DefaultIfEmpty(double.PositiveInfinity).Min();
            var then = Math.Min(arrival, end);
            foreach (var job in present.Where(job => runs[job]))
            {
                left[job] -= then - clock;
            }

            clock = then;
            foreach (var job in present.Where(job => runs[job] && left[job] <= 1e-6).ToList())
            {
                ends[job] = clock;
                present.Remove(job);
            }

            while (next < jobs.Count && jobs[next].Arrival <= clock)
            {
                present.Add(jobs[next++].Number);
            }

            var free = SimulatedLoad.Slots;
            foreach (var job in present.OrderBy(job => left[job] + (runs[job] || !begun[job] ? 0 : RestartCost)).ToList())
            {
                var fits = jobs[job].Slots <= free;
                free -= fits ? jobs[job].Slots : 0;
                if (fits == runs[job])
                {
                    continue;
                }

                runs[job] = fits;
                if (fits)
                {
                    greatestWait = Math.Max(greatestWait, clock - since[job]);
                    left[job] += begun[job] ? RestartCost : 0;
                    begun[job] = true;
                }
                else
                {
                    since[job] = clock;
                    preemptions++;
                }
            }
        }

        return SimulationResult.Of(jobs, ends, greatestWait, preemptions);
    }
}
