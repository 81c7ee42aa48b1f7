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
    public static async Task<double> RateAsync(IReadOnlyList<ICaller> callers, TimeSpan time) => (await SecondsAsync(callers, time)).Length / time.TotalSeconds;

    /// <summary>The 99th percentile of the seconds of several connections' calls.</summary>
    public static async Task<double> LateAsync(IReadOnlyList<ICaller> callers, TimeSpan time)
    {
        var seconds = await SecondsAsync(callers, time);
        Array.Sort(seconds);
        return seconds[(int)(seconds.Length * 0.99)];
    }

    private static async Task<double[]> SecondsAsync(IReadOnlyList<ICaller> callers, TimeSpan time)
    {
        var watch = Stopwatch.StartNew();
        var seconds = await Task.WhenAll(callers.Select(caller => Task.Factory.StartNew(
            () =>
            {
                var own = new List<double>(1 << 12);
                while (watch.Elapsed < time)
                {
                    var began = Stopwatch.GetTimestamp();
                    caller.Ask();
                    own.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
                }

                return own;
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        return [.. seconds.SelectMany(own => own)];
    }
}
