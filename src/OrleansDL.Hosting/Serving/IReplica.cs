namespace OrleansDL.Serving;

/// <summary>One loaded generation that answers: in this process, or on another node through its grain.</summary>
public interface IReplica
{
    ValueTask<InferAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken);

    ValueTask<PredictAnswer> PredictAsync(PredictRequest request, CancellationToken cancellationToken);

    /// <summary>Continues a text. It is refused at once or when the first part is read; the last part says why the text ended.</summary>
    IAsyncEnumerable<GeneratePiece> Generate(GenerateRequest request, CancellationToken cancellationToken);

    /// <summary>Asks a decoupled model. It is refused at once or when the first answer is read.</summary>
    IAsyncEnumerable<InferAnswer> Answers(InferRequest request, CancellationToken cancellationToken) =>
        throw new InvalidException("The model gives one answer to a request, and is asked for that.");
}
