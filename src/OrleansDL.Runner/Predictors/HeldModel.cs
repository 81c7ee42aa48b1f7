using OrleansDL.Inference;

namespace OrleansDL.Runner.Predictors;

/// <summary>A loaded model and the calls that are at it: it is freed when the last of them has left, for a caller that gave up may have left a call behind.</summary>
internal sealed class HeldModel(ITensorModel model) : IDisposable
{
    private readonly ManualResetEventSlim _left = new();
    private int _holders = 1;

    public ITensorModel Model => model;

    /// <summary>Holds it for a call; false when it is being freed.</summary>
    public bool TryEnter()
    {
        for (var holders = Volatile.Read(ref _holders); holders > 0; holders = Volatile.Read(ref _holders))
        {
            if (Interlocked.CompareExchange(ref _holders, holders + 1, holders) == holders)
            {
                return true;
            }
        }

        return false;
    }

    public void Leave()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            _left.Set();
        }
    }

    /// <summary>Lets nobody in any more, waits for those who are, and frees the model.</summary>
    public void Dispose()
    {
        Leave();
        _left.Wait();
        model.Dispose();
        _left.Dispose();
    }
}
