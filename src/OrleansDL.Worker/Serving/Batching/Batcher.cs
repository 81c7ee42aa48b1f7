using OrleansDL.Inference;

namespace OrleansDL.Serving.Batching;

/// <summary>Runs requests for one model together. A request that finds the model free and nothing to wait for runs on its own thread, as without a batcher.</summary>
/// <remarks>The lock is held for the few instructions of a decision, never while the model runs or an answer is given.</remarks>
internal sealed class Batcher : IDisposable
{
    private readonly Lock _gate = new();
    private readonly ITensorModel _session;
    private readonly BatchingSpec _spec;
    private readonly BatchQueue _queue;
    private readonly AdaptiveDelay? _adaptive;
    private readonly AnswersInOrder? _ordered;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly long _origin;
    private readonly int _instances;
    private int _running;
    private long _queued;

    public Batcher(ITensorModel session, BatchingSpec spec, TimeProvider time, BatchHold hold, IReadOnlySet<string>? ragged = null)
    {
        (_session, _spec, _time) = (session, spec, time);
        _queue = new BatchQueue(spec, hold.First, hold.Backlog, ragged);
        _adaptive = spec.Adaptive ? new AdaptiveDelay(GreatestDelay) : null;
        _ordered = spec.PreserveOrdering ? new AnswersInOrder() : null;
        _instances = spec.Instances > 0 ? spec.Instances : Environment.ProcessorCount;
        _origin = time.GetTimestamp();
        _timer = time.CreateTimer(_ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Rows of one request at most.</summary>
    public int MaximumRows => _spec.MaximumBatchSize;

    /// <summary>Time that answered requests waited for their execution, summed up.</summary>
    public TimeSpan QueueTime => TimeSpan.FromTicks(Interlocked.Read(ref _queued));

    /// <summary>Requests that wait for their execution now.</summary>
    public int Waiting => _queue.Count;

    private TimeSpan Now => _time.GetElapsedTime(_origin);

    private TimeSpan GreatestDelay => TimeSpan.FromMicroseconds(_spec.MaximumDelayMicroseconds);

    private TimeSpan Delay => _adaptive?.Current ?? GreatestDelay;

    /// <exception cref="InvalidException">The request does not fit the signature, or has more rows than run together.</exception>
    /// <exception cref="OverloadedException">The queue is full, or the request waited longer than it may.</exception>
    public ValueTask<InferAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken)
    {
        _session.Check(request);
        var rows = request.Inputs is [{ Shape: [var first, ..] }, ..] ? first : 0;
        if (rows == 0 || !_session.CanBatch)
        {
            return _session.InferAsync(request, cancellationToken);
        }

        if (rows > _spec.MaximumBatchSize)
        {
            throw new InvalidException($"inference request batch-size must be <= {_spec.MaximumBatchSize} for '{_session.Model}'");
        }

        cancellationToken.ThrowIfCancellationRequested();
        var pending = Describe(request, (int)rows, cancellationToken);
        List<Pending>? batch;
        lock (_gate)
        {
            if (_queue.Count >= _spec.MaximumQueue || IsFull(pending.Priority))
            {
                throw new OverloadedException("Exceeds maximum queue size");
            }

            _queue.Add(pending);
            _ordered?.OnArrival(pending);
            _adaptive?.OnArrival(pending.Arrived);
            batch = Next();
        }

        pending.OnCancelled(Cancel);
        if (batch is not null)
        {
            Start(batch, pending);
        }

        return new ValueTask<InferAnswer>(pending.Answer.Task);
    }

    /// <summary>Nothing runs or waits any more: the owner has seen every request leave.</summary>
    public void Dispose() => _timer.Dispose();

    private Pending Describe(InferRequest request, int rows, CancellationToken cancellationToken)
    {
        var now = Now;
        var standard = _spec.DefaultPriority == 0 ? _spec.PriorityLevels : _spec.DefaultPriority;
        var priority = request.Priority == 0 ? standard : Math.Min(request.Priority, _spec.PriorityLevels);
        var policy = _spec.PriorityPolicies?.GetValueOrDefault(priority);
        var overrides = policy?.AllowTimeoutOverride ?? _spec.AllowTimeoutOverride;
        var wait = request.TimeoutMicroseconds > 0 && overrides ? request.TimeoutMicroseconds : policy?.TimeoutMicroseconds ?? _spec.TimeoutMicroseconds;
        return new Pending(request, rows, priority, now, wait > 0 ? now + TimeSpan.FromMicroseconds(wait) : null, policy?.TimeoutAction, cancellationToken);
    }

    private bool IsFull(int priority) => _spec.PriorityPolicies?.GetValueOrDefault(priority) is { MaximumQueue: > 0 and var most } && _queue.CountOf(priority) >= most;

    /// <summary>The next batch if there is one and room for it. Sets the timer for what time alone will bring. Under the lock.</summary>
    private List<Pending>? Next()
    {
        var now = Now;
        foreach (var late in _queue.Expire(now))
        {
            Leave(late, () => late.Fail(new OverloadedException("Request timeout expired")));
        }

        var isFree = _running < _instances;
        var delay = Delay;
        var batch = isFree ? _queue.Take(now, delay) : null;
        if (batch is not null)
        {
            _running++;
            if (batch.Count > 1)
            {
                // Ended in RunAsync.
                var stop = new BatchStop(batch.Count);
                batch.ForEach(pending => pending.Stop = stop);
            }
        }

        var look = _queue.NextLook(_running < _instances ? delay : null);
        _timer.Change(look is { } due ? Later(due - now) : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        return batch;
    }

    /// <summary>A batch runs on the thread of a request in it; a request that is not in it does not wait for it.</summary>
    private void Start(List<Pending> batch, Pending? mine)
    {
        if (mine is not null && batch.Contains(mine))
        {
            _ = RunAsync(batch);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(static work => _ = work.Batcher.RunAsync(work.Batch), (Batcher: this, Batch: batch), preferLocal: false);
        }
    }

    /// <summary>Over at once for a model of this process.</summary>
    private async Task RunAsync(List<Pending> batch)
    {
        var began = Now;
        using var stop = batch[0].Stop;
        try
        {
            var answers = await _session.InferTogetherAsync([.. batch.Select(pending => pending.Request)], stop?.Token ?? batch[0].Cancelled);
            for (var index = 0; index < batch.Count; index++)
            {
                Succeed(batch[index], answers[index], began);
            }
        }
        catch (OrleansDLException error) when (batch.Count > 1 && error is not (OverloadedException or NoCapacityException))
        {
            // One of them is at fault: each hears what is true of it.
            foreach (var pending in batch)
            {
                await RunAloneAsync(pending, began);
            }
        }
        catch (Exception error)
        {
            batch.ForEach(pending => Fail(pending, error));
        }

        lock (_gate)
        {
            _adaptive?.OnExecution(batch.Sum(pending => pending.Rows), Now - began);
            _running--;
        }

        Look();
    }

    private async Task RunAloneAsync(Pending pending, TimeSpan began)
    {
        try
        {
            Succeed(pending, await _session.InferAsync(pending.Request, pending.Cancelled), began);
        }
        catch (Exception error)
        {
            Fail(pending, error);
        }
    }

    private void Succeed(Pending pending, InferAnswer answer, TimeSpan began)
    {
        var queue = (long)(began - pending.Arrived).TotalNanoseconds;
        Interlocked.Add(ref _queued, (began - pending.Arrived).Ticks);
        var timed = new InferAnswer { Outputs = answer.Outputs, Top = answer.Top, Times = answer.Times is { } times ? times with { Queue = queue } : null };
        Leave(pending, () => pending.Succeed(timed));
    }

    private void Fail(Pending pending, Exception error) => Leave(pending, () => pending.Fail(error));

    private void Leave(Pending pending, Action leave)
    {
        if (_ordered is null)
        {
            leave();
            return;
        }

        lock (_gate)
        {
            _ordered.OnAnswer(pending, leave);
        }
    }

    private void Cancel(Pending pending, CancellationToken token)
    {
        bool waits;
        lock (_gate)
        {
            waits = _queue.Remove(pending);
        }

        if (!waits)
        {
            // It runs already, perhaps with others: nobody is told twice, and the execution ends early when nobody is left.
            pending.Stop?.OnLeft();
            return;
        }

        Leave(pending, () => pending.Fail(new OperationCanceledException(token)));
    }

    /// <summary>Starts what can run now.</summary>
    private void Look()
    {
        while (TakeNext() is { } batch)
        {
            Start(batch, mine: null);
        }
    }

    private List<Pending>? TakeNext()
    {
        lock (_gate)
        {
            return Next();
        }
    }

    // A timer that fires a little early would find nothing due and be set again.
    private static TimeSpan Later(TimeSpan wait) => TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(wait.TotalMilliseconds)));
}
