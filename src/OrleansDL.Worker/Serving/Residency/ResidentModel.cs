namespace OrleansDL.Serving.Residency;

/// <summary>A model loaded on this worker, and how much it is asked for.</summary>
/// <param name="spec">What it was loaded from.</param>
/// <param name="replica">What answers.</param>
/// <param name="use">How often and when it was used.</param>
internal sealed class ResidentModel(ReplicaSpec spec, ILoadedReplica replica, ReplicaUse use)
{
    /// <summary>Requests count half after this long.</summary>
    private static readonly TimeSpan HalfLife = TimeSpan.FromMinutes(10);

    /// <summary>A model loaded for a request waits so long for it before it may be evicted.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private readonly long _arenaAtLoad = replica.Arena.Used;
    private long _counted;
    private long _measured;
    private long _countedAt = use.Last;

    public ReplicaSpec Spec => spec;

    public ILoadedReplica Replica => replica;

    public ReplicaUse Use => use;

    /// <summary>Bytes it takes.</summary>
    public long Bytes { get; set; }

    /// <summary>Bytes it took when it was loaded.</summary>
    public required long BytesAtLoad { get; init; }

    /// <summary>Requests, older ones counting less; goes on from what it was before an eviction.</summary>
    public double Popularity { get; set; }

    public required DateTimeOffset LoadedAt { get; init; }
    public required TimeSpan LoadTime { get; init; }

    /// <summary>Counts the requests since the last time.</summary>
    /// <returns>Popularity for each byte it takes: what has the least goes first.</returns>
    public double Weigh(TimeProvider time)
    {
        var (now, count) = (time.GetTimestamp(), use.Count);
        Popularity = Decayed(Popularity, time.GetElapsedTime(_countedAt, now)) + (count - _counted);
        (_counted, _countedAt) = (count, now);
        return Popularity / Math.Max(1, Bytes);
    }

    /// <summary>What it takes now: larger batches than before have let its arena grow.</summary>
    /// <returns>Bytes more than before.</returns>
    public long Measure()
    {
        if (_measured == use.Count)
        {
            return 0;
        }

        _measured = use.Count;
        var bytes = Math.Max(BytesAtLoad, BytesAtLoad + replica.Arena.Used - _arenaAtLoad);
        var more = bytes - Bytes;
        Bytes = bytes;
        return more;
    }

    /// <summary>Whether it was loaded just now and the request it was loaded for has not come yet.</summary>
    public bool IsAwaited(TimeProvider time) => spec.Awaited && use.Count == 0 && time.GetElapsedTime(use.Last) < Grace;

    public static double Decayed(double popularity, TimeSpan age) => popularity * Math.Pow(0.5, age / HalfLife);
}
