using OrleansDL.Serving;

namespace OrleansDL.Tests.Serving;

/// <summary>A replica whose worker was killed: every request finds that out.</summary>
internal sealed class LostReplica : IReplicaGrain
{
    /// <summary>Requests that came.</summary>
    public int Asked { get; private set; }

    public Task<ModelSignature> LoadAsync(ReplicaSpec spec) => throw Lost();

    public Task UnloadAsync() => throw Lost();

    public Task<InferAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken) => throw Lost();

    public Task<PredictAnswer> PredictAsync(PredictRequest request, CancellationToken cancellationToken) => throw Lost();

    public IAsyncEnumerable<GeneratePiece> GenerateAsync(GenerateRequest request, CancellationToken cancellationToken) => throw Lost();

    public IAsyncEnumerable<InferAnswer> AnswersAsync(InferRequest request, CancellationToken cancellationToken) => throw Lost();

    private OrleansException Lost()
    {
        Asked++;
        return new OrleansException("The silo is unavailable.");
    }
}
