namespace OrleansDL.Predictors;

/// <summary>The requests to a decoupled model that are not over, by their calls. Its generation is unloaded when they are, or are waited for no longer.</summary>
internal sealed class OpenStreams
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, Action> _open = [];
    private TaskCompletionSource? _idle;
    private bool _isClosed;

    public bool AreNone
    {
        get
        {
            lock (_gate)
            {
                return _open.Count == 0;
            }
        }
    }

    /// <summary>Whether those that were not over have been ended.</summary>
    public bool AreEnded { get; private set; }

    /// <summary>Lets a request in; false when the model is being unloaded.</summary>
    /// <param name="call">Its number.</param>
    /// <param name="end">Ends it.</param>
    public bool TryEnter(long call, Action end)
    {
        lock (_gate)
        {
            return !_isClosed && _open.TryAdd(call, end);
        }
    }

    /// <summary>A request is over.</summary>
    public void Leave(long call)
    {
        lock (_gate)
        {
            _open.Remove(call);
            if (_open.Count == 0)
            {
                _idle?.TrySetResult();
            }
        }
    }

    /// <summary>Lets nobody in any more, and returns when those there are over or the time is.</summary>
    public async Task DrainAsync(TimeSpan limit, TimeProvider time)
    {
        Task idle;
        lock (_gate)
        {
            _isClosed = true;
            if (_open.Count == 0)
            {
                return;
            }

            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            idle = _idle.Task;
        }

        await idle.WaitAsync(limit, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Lets nobody in any more, and ends those that are not over.</summary>
    public void End()
    {
        List<Action> open;
        lock (_gate)
        {
            (_isClosed, AreEnded) = (true, true);
            open = [.. _open.Values];
        }

        open.ForEach(static end => end());
    }
}
