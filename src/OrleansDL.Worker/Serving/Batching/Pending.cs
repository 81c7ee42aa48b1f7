namespace OrleansDL.Serving.Batching;

/// <summary>A request that waits for its execution.</summary>
internal sealed class Pending
{
    private CancellationTokenRegistration _registration;

    public Pending(InferRequest request, int rows, int priority, TimeSpan arrived, TimeSpan? deadline, QueueTimeoutAction? late = null, CancellationToken cancelled = default)
    {
        (Request, Rows, Priority, Arrived, Deadline, Late, Cancelled) = (request, rows, priority, arrived, deadline, late, cancelled);
        Node = new LinkedListNode<Pending>(this);
    }

    public InferRequest Request { get; }

    public int Rows { get; }

    /// <summary>Level of priority, from 1.</summary>
    public int Priority { get; }

    public TimeSpan Arrived { get; }

    /// <summary>When its wait is over; null: never.</summary>
    public TimeSpan? Deadline { get; }

    /// <summary>What happens when its wait is over; null: as the queue says.</summary>
    public QueueTimeoutAction? Late { get; }

    /// <summary>Its caller's.</summary>
    public CancellationToken Cancelled { get; }

    /// <summary>Ends the execution it is in with others; null: it waits, or runs alone.</summary>
    public BatchStop? Stop { get; set; }

    /// <summary>Its place in a queue; in no list once it was taken.</summary>
    public LinkedListNode<Pending> Node { get; }

    /// <summary>Continuations never run on the thread that answers: it has other answers to give.</summary>
    public TaskCompletionSource<InferAnswer> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void OnCancelled(Action<Pending, CancellationToken> cancelled)
    {
        if (!Cancelled.CanBeCanceled)
        {
            return;
        }

        _registration = Cancelled.UnsafeRegister((_, cancel) => cancelled(this, cancel), null);
        if (Answer.Task.IsCompleted)
        {
            // Answered meanwhile: whoever did found no registration to give back.
            _registration.Unregister();
        }
    }

    public void Succeed(InferAnswer answer)
    {
        _registration.Unregister();
        Answer.TrySetResult(answer);
    }

    public void Fail(Exception error)
    {
        _registration.Unregister();
        Answer.TrySetException(error);
    }
}
