using OrleansDL.Serving;

namespace OrleansDL.Inference;

/// <summary>A model that may answer a request any number of times: it does where its signature says <see cref="ModelSignature.Decoupled"/>.</summary>
public interface IDecoupledModel : ITensorModel
{
    /// <summary>The answers as they are made. Whoever stops reading ends them.</summary>
    /// <exception cref="InvalidException">The request does not fit the signature, the model is not decoupled, or it refused; later, it failed.</exception>
    IAsyncEnumerable<InferAnswer> AnswersAsync(InferRequest request, CancellationToken cancellationToken);
}
