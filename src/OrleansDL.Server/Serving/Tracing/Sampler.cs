using System.Diagnostics;

namespace OrleansDL.Serving.Tracing;

/// <summary>Chooses which requests are traced, by settings of the server or of one model.</summary>
internal sealed class Sampler
{
    private readonly int _rate;
    private int _seen;
    private int _left;

    public Sampler(TraceSettings settings, TraceFile? file)
    {
        (Levels, File, LogFrequency) = (settings.Levels, file, settings.Number(TraceSettings.LogFrequency));
        (_rate, _left) = (settings.Number(TraceSettings.Rate), settings.Number(TraceSettings.Count));
        IsFile = settings.Kind is TraceMode.Triton;
    }

    public TraceLevels Levels { get; }

    /// <summary>Whether traces go into a file, rather than to those who listen to activities.</summary>
    public bool IsFile { get; }

    public TraceFile? File { get; }

    public int LogFrequency { get; }

    /// <param name="parent">The caller's own trace, if there is one: it is followed whatever the rate.</param>
    public bool Takes(ActivityContext? parent)
    {
        if (!IsFile && parent is { TraceFlags: ActivityTraceFlags.Recorded })
        {
            return true;
        }

        if ((uint)Interlocked.Increment(ref _seen) % (uint)_rate != 0)
        {
            return false;
        }

        // Counts down to none; below it any number is traced.
        while (Volatile.Read(ref _left) is var left and not 0)
        {
            if (left < 0 || Interlocked.CompareExchange(ref _left, left - 1, left) == left)
            {
                return true;
            }
        }

        return false;
    }
}
