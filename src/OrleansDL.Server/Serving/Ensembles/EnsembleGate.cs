namespace OrleansDL.Serving.Ensembles;

/// <summary>Counts the requests of one ensemble in flight on this server, and lets no more in than may be.</summary>
internal sealed class EnsembleGate
{
    private int _inFlight;

    public int InFlight => Volatile.Read(ref _inFlight);

    /// <exception cref="OverloadedException">As many as may be are in flight.</exception>
    public void Enter(string name, int maximum)
    {
        if (Interlocked.Increment(ref _inFlight) > maximum)
        {
            Leave();
            throw new OverloadedException($"Exceeds maximum queue size: {maximum} requests of ensemble '{name}' are in flight on this server. Try again.");
        }
    }

    public void Leave() => Interlocked.Decrement(ref _inFlight);
}
