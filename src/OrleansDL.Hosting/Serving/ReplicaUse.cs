namespace OrleansDL.Serving;

/// <summary>How often and when a replica was used last. It is told of every request: two writes, no lock.</summary>
/// <param name="time">The clock.</param>
/// <param name="left">Called when the last request that held the replica has left; on the request's thread.</param>
public sealed class ReplicaUse(TimeProvider time, Action left)
{
    private long _count;
    private long _last = time.GetTimestamp();

    /// <summary>Requests so far.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>Timestamp of the last request's arrival; before the first, of the loading.</summary>
    public long Last => Volatile.Read(ref _last);

    internal void OnTaken()
    {
        Interlocked.Increment(ref _count);
        Volatile.Write(ref _last, time.GetTimestamp());
    }

    internal void OnLeft() => left();
}
