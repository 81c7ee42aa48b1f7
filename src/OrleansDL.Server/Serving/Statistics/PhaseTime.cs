namespace OrleansDL.Serving.Statistics;

/// <summary>How often a phase happened and how long it took in all, in nanoseconds. Added to without locks.</summary>
internal sealed class PhaseTime
{
    private long _count;
    private long _nanoseconds;

    public long Count => Volatile.Read(ref _count);

    public long Nanoseconds => Volatile.Read(ref _nanoseconds);

    public void Add(TimeSpan duration) => Add(duration.Ticks * TimeSpan.NanosecondsPerTick);

    public void Add(long nanoseconds)
    {
        Interlocked.Increment(ref _count);
        Interlocked.Add(ref _nanoseconds, nanoseconds);
    }
}
