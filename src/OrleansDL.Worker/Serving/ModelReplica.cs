using OrleansDL.Inference;
using OrleansDL.Serving.Batching;

namespace OrleansDL.Serving;

/// <summary>A generation served by ONNX Runtime in this process.</summary>
/// <param name="session">The model.</param>
/// <param name="batcher">Runs requests together; null: each for itself.</param>
/// <param name="folder">Where its files lie.</param>
internal sealed class ModelReplica(ModelSession session, Batcher? batcher, string folder) : ILoadedReplica
{
    public ModelSignature Signature { get; } = session.Labels is [] ? session.Signature : session.Signature with { Labels = session.Labels };

    // The run takes the caller's thread: for the models this is made for, handing it to another one costs more than it.
    public ValueTask<InferAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken) =>
        batcher?.InferAsync(request, cancellationToken) ?? ValueTask.FromResult(session.Infer(request, cancellationToken));

    public ValueTask<PredictAnswer> PredictAsync(PredictRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(session.Predict(request));
    }

    public void Dispose()
    {
        batcher?.Dispose();
        session.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
