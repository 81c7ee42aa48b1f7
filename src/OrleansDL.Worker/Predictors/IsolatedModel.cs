using OrleansDL.Inference;
using OrleansDL.Serving;

namespace OrleansDL.Predictors;

/// <summary>A model that lives in another process.</summary>
internal sealed class IsolatedModel(PredictorHost host, HostedModel hosted) : IDecoupledModel
{
    public string Model => hosted.Name;

    public ModelSignature Signature => hosted.Facts.Signature;

    public bool CanBatch => hosted.Facts.CanBatch;

    public void Check(InferRequest request) => ModelSession.Check(request, Signature, Model);

    public async ValueTask<InferAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken)
    {
        Check(request);
        return (await host.InferAsync(hosted, [request], cancellationToken))[0];
    }

    public async ValueTask<InferAnswer[]> InferTogetherAsync(IReadOnlyList<InferRequest> requests, CancellationToken cancellationToken) =>
        await host.InferAsync(hosted, requests, cancellationToken);

    public IAsyncEnumerable<InferAnswer> AnswersAsync(InferRequest request, CancellationToken cancellationToken)
    {
        Check(request);
        return Signature.Decoupled is true
            ? host.AnswersAsync(hosted, request, cancellationToken)
            : throw new InvalidException($"Model '{Model}' gives one answer to a request, and is asked for that.");
    }

    public async ValueTask<PredictAnswer> PredictAsync(PredictRequest request, CancellationToken cancellationToken) => hosted.Facts.Rows is not null
        ? await host.PredictAsync(hosted, request, cancellationToken)
        : throw new InvalidException($"Model '{Model}' has no pipeline, so it takes tensors only. Send them to the inference protocol: POST /v2/models/NAME/infer.");

    /// <summary>Its requests that get any number of answers.</summary>
    public OpenStreams Streams => hosted.Streams;

    /// <summary>Ends the answers that are not over, frees it and removes its files, by and by.</summary>
    public void Dispose()
    {
        hosted.Streams.End();
        _ = host.UnloadAsync(hosted);
    }
}
