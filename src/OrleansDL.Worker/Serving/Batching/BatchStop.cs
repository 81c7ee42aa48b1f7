namespace OrleansDL.Serving.Batching;

/// <summary>Ends an execution of several requests when nobody waits for any of their answers.</summary>
internal sealed class BatchStop(int requests) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private int _waiting = requests;
    private bool _isOver;

    public CancellationToken Token => _stop.Token;

    /// <summary>One of the requests was cancelled.</summary>
    public void OnLeft()
    {
        if (Interlocked.Decrement(ref _waiting) > 0)
        {
            return;
        }

        lock (_gate)
        {
            if (!_isOver)
            {
                _stop.Cancel();
            }
        }
    }

    /// <summary>The execution is over.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isOver = true;
            _stop.Dispose();
        }
    }
}
