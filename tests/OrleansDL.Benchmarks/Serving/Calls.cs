using System.Diagnostics;

namespace OrleansDL.Benchmarks.Serving;

/// <summary>Measures by callers that block.</summary>
internal static class Calls
{
    public static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }

    /// <summary>Calls for a while, with pauses in which the server's compiler looks at the methods a second and a third time.</summary>
    public static async Task WarmAsync(ICaller caller)
    {
        for (var pass = 0; pass < 3; pass++)
        {
            MedianSeconds(caller, TimeSpan.FromSeconds(2));
            await Task.Delay(TimeSpan.FromSeconds(4));
        }
    }

    /// <summary>Median seconds of one call after another on one connection.</summary>
    public static double MedianSeconds(ICaller caller, TimeSpan time)
    {
        var seconds = new List<double>(1 << 16);
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < time)
        {
            var began = Stopwatch.GetTimestamp();
            caller.Ask();
            seconds.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        return Median([.. seconds]);
    }

    /// <summary>Calls a second of several connections at once.</summary>
    public static async Task<double> RateAsync(IReadOnlyList<ICaller> callers, TimeSpan time)
    {
        var watch = Stopwatch.StartNew();
        var counts = await Task.WhenAll(callers.Select(caller => Task.Factory.StartNew(
            () =>
            {
                var count = 0L;
                for (; watch.Elapsed < time; count++)
                {
                    caller.Ask();
                }

                return count;
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        return counts.Sum() / watch.Elapsed.TotalSeconds;
    }
}
