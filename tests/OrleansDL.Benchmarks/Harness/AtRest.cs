using System.Diagnostics;

namespace OrleansDL.Benchmarks.Harness;

/// <summary>Waits until the runtime of a process and of this one have done what they do beside the work: above all, compiled for the last time what was called often.</summary>
internal static class AtRest
{
    private const double Idle = 0.15;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    /// <summary>Looks once a second how much of a processor both took, until it is next to nothing, for a minute at most.</summary>
    public static async Task OfAsync(int pid)
    {
        using var other = Process.GetProcessById(pid);
        using var self = Process.GetCurrentProcess();
        var watch = Stopwatch.StartNew();
        for (var (before, begun) = (Used(), TimeSpan.Zero); watch.Elapsed < Longest;)
        {
            await Task.Delay(TimeSpan.FromSeconds(1));
            var (now, at) = (Used(), watch.Elapsed);
            if ((now - before) / (at - begun) < Idle)
            {
                return;
            }

            (before, begun) = (now, at);
        }

        TimeSpan Used()
        {
            other.Refresh();
            self.Refresh();
            return other.TotalProcessorTime + self.TotalProcessorTime;
        }
    }
}
