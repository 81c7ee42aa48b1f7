namespace OrleansDL.Serving;

/// <summary>A predictor that answers a request any number of times, or never: texts as they grow, what it finds as it finds it. Its signature says
/// <see cref="ModelSignature.Decoupled"/>; without that it is asked as any other.</summary>
public interface IDecoupledPredictor : IPredictor
{
    /// <summary>Answers tensors, one answer after the other. Called any number of times at once. It is asked for the next answer when there is room for it:
    /// a caller that reads slowly holds it up.</summary>
    /// <param name="inputs">One of each input, of its type; sizes fit the signature. They are valid until the last answer is given.</param>
    /// <param name="cancellationToken">Set when nobody reads any more, or an answer takes too long: a predictor that goes on is ended with its process.</param>
    /// <returns>For each answer one tensor of each output. An error ends the answers of this request; those before it have been sent.</returns>
    IAsyncEnumerable<IReadOnlyList<Tensor>> AnswersAsync(IReadOnlyList<Tensor> inputs, CancellationToken cancellationToken);

    /// <inheritdoc/>
    ValueTask<IReadOnlyList<Tensor>> IPredictor.PredictAsync(IReadOnlyList<Tensor> inputs, CancellationToken cancellationToken) =>
        throw new InvalidException("The model is decoupled: it gives any number of answers, and is asked by ModelStreamInfer or generate_stream.");
}
