namespace OrleansDL.Serving.Statistics;

/// <summary>How often a phase happened and how long it took, in nanoseconds: in all, and by how many took how long. Added to without locks.</summary>
/// <param name="bounds">Upper bounds of the buckets, in microseconds, ascending; null: those of a request's phases.</param>
internal sealed class PhaseTime(long[]? bounds = null)
{
    /// <summary>Above the last is one more.</summary>
    private static readonly long[] OfPhases = [50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000];

    private readonly long[] _bounds = bounds ?? OfPhases;
    private readonly long[] _buckets = new long[(bounds ?? OfPhases).Length + 1];
    private long _count;
    private long _nanoseconds;

    public long Count => Volatile.Read(ref _count);

    public long Nanoseconds => Volatile.Read(ref _nanoseconds);

    /// <summary>How many took at most so many microseconds and more than those of the bucket before; null: any longer.</summary>
    public IEnumerable<(long? Microseconds, long Count)> Buckets() =>
        _buckets.Select((_, bucket) => (bucket < _bounds.Length ? _bounds[bucket] : (long?)null, Volatile.Read(ref _buckets[bucket])));

    public void Add(TimeSpan duration) => Add(duration.Ticks * TimeSpan.NanosecondsPerTick);

    public void Add(long nanoseconds)
    {
        Interlocked.Increment(ref _count);
        Interlocked.Add(ref _nanoseconds, nanoseconds);
        var bucket = 0;
        while (bucket < _bounds.Length && nanoseconds > _bounds[bucket] * 1000)
        {
            bucket++;
        }

        Interlocked.Increment(ref _buckets[bucket]);
    }
}
