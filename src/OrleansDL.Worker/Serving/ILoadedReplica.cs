using OrleansDL.Inference;

namespace OrleansDL.Serving;

/// <summary>A replica with the model it holds, which disposing it frees.</summary>
internal interface ILoadedReplica : IReplica, IWaitingRequests, IDisposable
{
    ModelSignature Signature { get; }

    /// <summary>What its arena holds; nothing where that is not known.</summary>
    ArenaUse Arena => default;

    /// <summary>Time that requests waited for their execution, summed up; zero where none waits.</summary>
    TimeSpan QueueTime => TimeSpan.Zero;

    /// <inheritdoc/>
    int IWaitingRequests.Waiting => 0;

    /// <summary>Whether it works for someone that holds no lease (any more).</summary>
    bool IsBusy => false;

    /// <summary>Takes no more texts to continue and requests of a decoupled model, and returns when those begun are over or the time is.</summary>
    Task DrainAsync(TimeSpan limit);
}
