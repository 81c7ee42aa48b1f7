using OrleansDL.Serving;

namespace OrleansDL.Tests.Serving;

/// <summary>An <see cref="EchoReplica"/> on another worker.</summary>
internal sealed class EchoReplicaGrain(float offset) : IReplicaGrain
{
    private readonly EchoReplica _replica = new(offset);

    public Task<ModelSignature> LoadAsync(ReplicaSpec spec) => throw new NotSupportedException("The echo is there.");

    public Task UnloadAsync() => throw new NotSupportedException("The echo stays.");

    public async Task<InferAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken) => await _replica.InferAsync(request, cancellationToken);

    public Task<PredictAnswer> PredictAsync(PredictRequest request, CancellationToken cancellationToken) => throw new NotSupportedException("The echo only infers.");

    public IAsyncEnumerable<GeneratePiece> GenerateAsync(GenerateRequest request, CancellationToken cancellationToken) => throw new NotSupportedException("The echo only infers.");

    public IAsyncEnumerable<InferAnswer> AnswersAsync(InferRequest request, CancellationToken cancellationToken) => throw new NotSupportedException("The echo only infers.");
}
