using OrleansDL.Inference;

namespace OrleansDL.Serving;

/// <summary>A generation served by ONNX Runtime in this process.</summary>
internal sealed class ModelReplica(ModelSession session, string folder) : ILoadedReplica
{
    public ModelSignature Signature => session.Signature;

    // The run takes the caller's thread: for the models this is made for, handing it to another one costs more than it.
    public ValueTask<InferAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(session.Infer(request, cancellationToken));

    public ValueTask<PredictAnswer> PredictAsync(PredictRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(session.Predict(request));
    }

    public void Dispose()
    {
        session.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
