namespace OrleansDL.Serving;

/// <summary>A replica with the model it holds, which disposing it frees.</summary>
internal interface ILoadedReplica : IReplica, IDisposable
{
    ModelSignature Signature { get; }
}
