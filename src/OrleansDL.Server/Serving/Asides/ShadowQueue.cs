using System.Threading.Channels;

namespace OrleansDL.Serving.Asides;

/// <summary>Requests that wait for shadows, bounded in number and bytes. What finds it full is dropped and counted: no caller waits for it.</summary>
internal sealed class ShadowQueue(IShadowObserver observer)
{
    public const int MaximumWaiting = 256;
    public const long MaximumBytes = 64L << 20;
    private readonly Channel<ShadowJob> _waiting = Channel.CreateUnbounded<ShadowJob>();
    private long _bytes;
    private int _count;

    /// <summary>The jobs, to be given back with <see cref="Done"/>.</summary>
    public ChannelReader<ShadowJob> Waiting => _waiting.Reader;

    /// <summary>Takes room for a request before anything of it is copied.</summary>
    public bool TryReserve(Route shadow, long bytes)
    {
        var fits = Interlocked.Increment(ref _count) <= MaximumWaiting;
        fits &= Interlocked.Add(ref _bytes, bytes) <= MaximumBytes;
        if (!fits)
        {
            Free(bytes);
            observer.OnDropped(shadow);
        }

        return fits;
    }

    public void Add(ShadowJob job) => _waiting.Writer.TryWrite(job);

    /// <summary>Gives a job's room back.</summary>
    public void Done(ShadowJob job) => Free(job.Bytes);

    private void Free(long bytes)
    {
        Interlocked.Add(ref _bytes, -bytes);
        Interlocked.Decrement(ref _count);
    }
}
