namespace OrleansDL.Serving;

/// <summary>A generation on another node: one grain call per request.</summary>
internal sealed class RemoteReplica(IReplicaGrain grain) : IReplica
{
    /// <summary>How long others are asked before one that was found gone: a route without it comes by then.</summary>
    private const int ForgottenAfter = 5000;

    /// <summary>Answers of a decoupled model that one message brings at most: they may be large.</summary>
    private const int AnswersAtOnce = 8;
    private long _goneUntil;

    /// <summary>Whether it was found gone lately.</summary>
    public bool IsGone => Volatile.Read(ref _goneUntil) is not 0 and var until && Environment.TickCount64 < until;

    /// <summary>A request found it gone.</summary>
    public void OnGone() => Volatile.Write(ref _goneUntil, Environment.TickCount64 + ForgottenAfter);

    public async ValueTask<InferAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken) =>
        await grain.InferAsync(request, cancellationToken);

    public async ValueTask<PredictAnswer> PredictAsync(PredictRequest request, CancellationToken cancellationToken) =>
        await grain.PredictAsync(request, cancellationToken);

    public IAsyncEnumerable<GeneratePiece> Generate(GenerateRequest request, CancellationToken cancellationToken) =>
        grain.GenerateAsync(request, cancellationToken);

    public IAsyncEnumerable<InferAnswer> Answers(InferRequest request, CancellationToken cancellationToken) =>
        grain.AnswersAsync(request, cancellationToken).WithBatchSize(AnswersAtOnce);
}
