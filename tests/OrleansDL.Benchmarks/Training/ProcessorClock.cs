using System.Globalization;

namespace OrleansDL.Benchmarks.Training;

/// <summary>Steps per second of this process's processor time, after a time of warming up.</summary>
internal sealed class ProcessorClock
{
    private static readonly TimeSpan Warming = TimeSpan.FromSeconds(2.5);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(5);
    private (long Step, TimeSpan Time)? _first;

    /// <returns>Whether it has seen enough; then it has printed the rate.</returns>
    public bool IsDone(long step, int rows)
    {
        var now = Environment.CpuUsage.TotalTime;
        if (now < Warming)
        {
            return false;
        }

        _first ??= (step, now);
        if (now - _first.Value.Time < Measured)
        {
            return false;
        }

        var rate = (step - _first.Value.Step) * rows / (now - _first.Value.Time).TotalSeconds;
        Console.WriteLine($"ready {rate.ToString(CultureInfo.InvariantCulture)}");
        return true;
    }
}
