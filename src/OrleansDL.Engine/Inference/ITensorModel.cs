using OrleansDL.Serving;

namespace OrleansDL.Inference;

/// <summary>A loaded model that answers tensors for any number of callers at once, whatever runs it and in whichever process.</summary>
public interface ITensorModel : IDisposable
{
    /// <summary>What messages call the model.</summary>
    string Model { get; }

    ModelSignature Signature { get; }

    /// <summary>Whether requests can be run as one: every input and output begins with an open axis, which counts rows.</summary>
    bool CanBatch { get; }

    /// <summary>Compares a request with the signature.</summary>
    /// <exception cref="InvalidException">The request does not fit.</exception>
    void Check(InferRequest request);

    /// <summary>Runs the model on tensors. A model of this process does so on the caller's thread; cancelling ends the execution.</summary>
    /// <exception cref="InvalidException">The request does not fit the signature, or the model refused it.</exception>
    /// <exception cref="OverloadedException">The execution took longer than it may, and was ended.</exception>
    ValueTask<InferAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken);

    /// <summary>Runs requests that differ in nothing but their rows as one, and gives each its own answer.</summary>
    /// <param name="requests">Checked, with at least one row each; equal names, types and sizes of all axes but the first.</param>
    /// <param name="cancellationToken">Ends the execution for all.</param>
    ValueTask<InferAnswer[]> InferTogetherAsync(IReadOnlyList<InferRequest> requests, CancellationToken cancellationToken);
}
