using System.Globalization;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Training;

namespace OrleansDL.Benchmarks.Scheduling;

/// <summary>The policy that runs the pools, on a simulated load, beside a scheduler that knows every duration beforehand (for the mean
/// time to completion) or beside half of first come, first served (for the mean slowdown). It prints every policy's figures.</summary>
internal sealed class SchedulerSim(double load, bool slowdown) : IBenchmark
{
    private const int Seeds = 5;

    public string Name => string.Create(CultureInfo.InvariantCulture, $"scheduler.{(slowdown ? "slowdown" : "sim")}.{load}");

    public string Unit => slowdown ? "times" : "s";

    /// <summary>At most 1.10 times the clairvoyant's time; at most half of the slowdown of first come, first served.</summary>
    public double? Goal => slowdown ? 1 : 1 / 1.10;

    public bool SmallerIsBetter => true;

    public Task<Comparison> RunAsync()
    {
        if (slowdown)
        {
            return Task.FromResult(new Comparison(Run(PoolPolicy.ShortestRemaining, telling: 0.5).MeanSlowdown, 0.5 * Run(PoolPolicy.Fifo, telling: 0).MeanSlowdown));
        }

        var bound = SimulationResult.Mean([.. Loads(1).AsParallel().AsOrdered().Select(ClairvoyantPool.Run)]);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"load {load}: {SimulatedLoad.Jobs} jobs on {SimulatedLoad.Slots} slots, {Seeds} seeds; completion in times of the clairvoyant's"));
        Print("clairvoyant", bound, bound);
        Print("fifo", Run(PoolPolicy.Fifo, 0), bound);
        Print("fifo, with time limits", Run(PoolPolicy.Fifo, 0, limits: true), bound);
        Print("priority", Run(PoolPolicy.Priority, 0), bound);
        Print("fairShare", Run(PoolPolicy.FairShare, 0), bound);
        Print("leastAttained", Run(PoolPolicy.LeastAttained, 0), bound);
        Print("shortestRemaining, no job tells its progress", Run(PoolPolicy.ShortestRemaining, 0), bound);
        var half = Run(PoolPolicy.ShortestRemaining, 0.5);
        Print("shortestRemaining, half of the jobs tell", half, bound);
        Print("shortestRemaining, all tell", Run(PoolPolicy.ShortestRemaining, 1), bound);
        return Task.FromResult(new Comparison(half.MeanCompletion, bound.MeanCompletion));
    }

    private static void Print(string policy, SimulationResult result, SimulationResult bound) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"  {policy,-46} completion {result.MeanCompletion / bound.MeanCompletion,6:F3}  slowdown {result.MeanSlowdown,7:F2}  greatest wait {result.GreatestWait / 3600,6:F1} h  sent away {result.Preemptions,5:F0}  unfinished {result.Unfinished}"));

    private SimulationResult Run(PoolPolicy policy, double telling, bool limits = false) => SimulationResult.Mean(
        [.. Loads(telling).AsParallel().AsOrdered().Select(jobs => new SimulatedPool(jobs, new PoolSettings { Policy = policy }, limits).Run())]);

    private IEnumerable<IReadOnlyList<SimulatedJob>> Loads(double telling) =>
        Enumerable.Range(1, Seeds).Select(seed => SimulatedLoad.Make(seed, load, telling));
}
