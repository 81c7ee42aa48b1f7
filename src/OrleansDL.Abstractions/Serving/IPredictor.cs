namespace OrleansDL.Serving;

/// <summary>A predictor of yours in .NET: a public class with a constructor without parameters, one in its assembly. It is served like any model, in
/// a process of its own; where it is <see cref="IDisposable"/>, it is disposed when it is unloaded.</summary>
public interface IPredictor
{
    /// <summary>Loads what it needs. Called once, before anything else; an exception fails the load, its text the reason.</summary>
    /// <param name="context">What it is given.</param>
    /// <param name="cancellationToken">Set when nobody waits for it any more.</param>
    /// <returns>Its inputs and outputs. Where all of them begin with an open axis (-1), that axis counts rows, and requests may be run together.</returns>
    Task<ModelSignature> LoadAsync(IPredictorContext context, CancellationToken cancellationToken);

    /// <summary>Answers tensors. Called any number of times at once.</summary>
    /// <param name="inputs">One of each input, of its type; sizes fit the signature. They are valid until the answer is given.</param>
    /// <param name="cancellationToken">Set when nobody waits for the answer, or it takes too long: a predictor that goes on is ended with its process.</param>
    /// <returns>One tensor of each output. An <see cref="OrleansDLException"/> is told to the caller as it is, any other by its text.</returns>
    ValueTask<IReadOnlyList<Tensor>> PredictAsync(IReadOnlyList<Tensor> inputs, CancellationToken cancellationToken);
}
