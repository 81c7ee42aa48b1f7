using System.Threading.Channels;

namespace OrleansDL.Predictors;

/// <summary>Answers of one call that came and were not read yet. There are never more than <see cref="Window"/>: the process makes the next when one was read.</summary>
internal sealed class AnswerParts
{
    /// <summary>Answers that a process may be ahead of who reads them.</summary>
    public const int Window = 8;

    private readonly Channel<Frame> _frames = Channel.CreateUnbounded<Frame>(new UnboundedChannelOptions { SingleReader = true });
    private int _unread;
    private int _left;

    /// <summary>Whether the process waits for its reader, and not the other way round.</summary>
    public bool AreFull => !AreLeft && Volatile.Read(ref _unread) >= Window;

    /// <summary>Whether they were ended because nobody took any.</summary>
    public bool IsForsaken { get; private set; }

    /// <summary>Whether nobody wants more of them.</summary>
    public bool AreLeft => Volatile.Read(ref _left) != 0;

    /// <returns>False when the process sends more than it may.</returns>
    public bool TryAdd(Frame frame) => Interlocked.Increment(ref _unread) <= Window && (AreLeft || _frames.Writer.TryWrite(frame));

    /// <summary>One was read.</summary>
    public void Take() => Interlocked.Decrement(ref _unread);

    /// <summary>Nobody wants more of them; false when that is known already.</summary>
    public bool TryLeave() => Interlocked.Exchange(ref _left, 1) == 0;

    /// <summary>Ends them because nobody takes any; false when they were ended already.</summary>
    public bool TryForsake()
    {
        IsForsaken = !AreLeft;
        return TryLeave();
    }

    /// <summary>No more will come.</summary>
    public void End() => _frames.Writer.TryComplete();

    public IAsyncEnumerable<Frame> ReadAsync(CancellationToken cancellationToken) => _frames.Reader.ReadAllAsync(cancellationToken);
}
