namespace OrleansDL.Telemetry;

/// <summary>One combination of labels of a metric, and what was measured for it.</summary>
internal sealed class MetricSeries(string labels, double[] boundaries)
{
    private readonly long[] _buckets = boundaries.Length == 0 ? [] : new long[boundaries.Length + 1];
    private double _value;

    /// <summary>Rendered labels without the braces: <c>a="x",b="y"</c>.</summary>
    public string Labels { get; } = labels;

    /// <summary>The scrape that saw it last; what an observable instrument no longer reports is not shown.</summary>
    public long Seen { get; set; }

    /// <summary>The value, or a histogram's sum.</summary>
    public double Value => Volatile.Read(ref _value);

    public void Set(double value) => Volatile.Write(ref _value, value);

    public void Add(double amount)
    {
        var seen = Volatile.Read(ref _value);
        while (true)
        {
            var before = Interlocked.CompareExchange(ref _value, seen + amount, seen);
            if (before.Equals(seen))
            {
                return;
            }

            seen = before;
        }
    }

    public void Observe(double value)
    {
        var bucket = Array.BinarySearch(boundaries, value);
        Interlocked.Increment(ref _buckets[bucket < 0 ? ~bucket : bucket]);
        Add(value);
    }

    /// <summary>Counts per bucket, the one up to infinity last.</summary>
    public long[] Buckets() => Array.ConvertAll(_buckets, static count => count);
}
