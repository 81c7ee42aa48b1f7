namespace OrleansDL.Blobs;

/// <summary>Cancels a call that makes no progress for a time.</summary>
internal sealed class StallClock : IDisposable
{
    private readonly TimeSpan _time;
    private readonly CancellationTokenSource _stalled;
    private readonly CancellationTokenSource _either;

    public StallClock(TimeSpan time, TimeProvider clock, CancellationToken cancellationToken)
    {
        _time = time;
        _stalled = new CancellationTokenSource(time, clock);
        _either = CancellationTokenSource.CreateLinkedTokenSource(_stalled.Token, cancellationToken);
    }

    public CancellationToken Token => _either.Token;

    public bool HasStalled => _stalled.IsCancellationRequested;

    public void OnProgress() => _stalled.CancelAfter(_time);

    public void Dispose()
    {
        _either.Dispose();
        _stalled.Dispose();
    }
}
