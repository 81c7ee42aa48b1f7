namespace OrleansDL.Serving;

/// <summary>A replica with the model it holds, which disposing it frees.</summary>
internal interface ILoadedReplica : IReplica, IDisposable
{
    ModelSignature Signature { get; }

    /// <summary>Takes no more texts to continue, and returns when those begun are over or the time is.</summary>
    Task DrainAsync(TimeSpan limit);
}
