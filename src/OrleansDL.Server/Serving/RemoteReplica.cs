namespace OrleansDL.Serving;

/// <summary>A generation on another node: one grain call per request.</summary>
internal sealed class RemoteReplica(IReplicaGrain grain) : IReplica
{
    public async ValueTask<InferAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken) =>
        await grain.InferAsync(request, cancellationToken);

    public async ValueTask<PredictAnswer> PredictAsync(PredictRequest request, CancellationToken cancellationToken) =>
        await grain.PredictAsync(request, cancellationToken);

    public IAsyncEnumerable<GeneratePiece> Generate(GenerateRequest request, CancellationToken cancellationToken) =>
        grain.GenerateAsync(request, cancellationToken);
}
