namespace OrleansDL.Serving;

/// <summary>One loaded generation that answers: in this process, or on another node through its grain.</summary>
public interface IReplica
{
    ValueTask<InferAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken);

    ValueTask<PredictAnswer> PredictAsync(PredictRequest request, CancellationToken cancellationToken);
}
