namespace OrleansDL.Benchmarks.Scheduling;

/// <summary>2,000 jobs for 64 slots: 93% take one slot, the rest are gangs of 2 to 16; durations are log-normal (median 10 minutes, sigma 2), arrivals Poisson.</summary>
internal static class SimulatedLoad
{
    public const int Jobs = 2000;
    public const int Slots = 64;
    private const double Median = 600;
    private const double Sigma = 2;
    private const double Gangs = 0.07;
    private static readonly int[] GangSizes = [2, 4, 8, 16];

    /// <param name="seed">The same seed gives the same jobs.</param>
    /// <param name="load">Slot-seconds asked for, over those there are.</param>
    /// <param name="telling">Share of jobs that report progress.</param>
    public static IReadOnlyList<SimulatedJob> Make(int seed, double load, double telling)
    {
        var random = new Random(seed);
        var meanSlots = 1 - Gangs + (Gangs * GangSizes.Average());
        var rate = load * Slots / (Median * Math.Exp(Sigma * Sigma / 2) * meanSlots);
        var clock = 0.0;
        var jobs = new List<SimulatedJob>(Jobs);
        for (var number = 0; number < Jobs; number++)
        {
            clock += -Math.Log(1 - random.NextDouble()) / rate;
            var duration = Median * Math.Exp(Sigma * Normal(random));
            jobs.Add(new SimulatedJob
            {
                Number = number,
                Arrival = clock,
                Duration = duration,
                Slots = random.NextDouble() < Gangs ? GangSizes[random.Next(GangSizes.Length)] : 1,
                Project = "p" + random.Next(4),
                Limit = duration * (1 + (2 * random.NextDouble())),
                Error = Math.Exp(0.2 * Normal(random)),
                Tells = random.NextDouble() < telling,
            });
        }

        return jobs;
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
