namespace OrleansDL.Serving.Residency;

/// <summary>The requests of this node that wait for one generation.</summary>
internal sealed class Hold(Func<Task<Summoned>> summon)
{
    private readonly Lazy<Task<Summoned>> _summoned = new(summon);
    private int _waiting;

    /// <summary>What comes of it; the first to ask begins it.</summary>
    public Task<Summoned> Summoned => _summoned.Value;

    public int Enter() => Interlocked.Increment(ref _waiting);

    public void Leave() => Interlocked.Decrement(ref _waiting);
}
