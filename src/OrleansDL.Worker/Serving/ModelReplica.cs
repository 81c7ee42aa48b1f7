using OrleansDL.Inference;
using OrleansDL.Serving.Generation;

namespace OrleansDL.Serving;

/// <summary>A generation served by ONNX Runtime in this process.</summary>
/// <param name="session">The model.</param>
/// <param name="scheduling">Runs requests together, or each for itself.</param>
/// <param name="generator">Continues texts; null: the model does not.</param>
/// <param name="folder">Where its files lie.</param>
internal sealed class ModelReplica(ModelSession session, Scheduling scheduling, Generator? generator, string folder) : ILoadedReplica
{
    public ModelSignature Signature { get; } = scheduling.Signature with
    {
        Labels = session.Labels is [] ? null : session.Labels,
        Generation = generator?.Facts,
    };

    public ArenaUse Arena => session.Arena;

    public TimeSpan QueueTime => scheduling.QueueTime;

    public int Waiting => scheduling.Waiting;

    public bool IsBusy => generator is { IsIdle: false };

    // The run takes the caller's thread: for the models this is made for, handing it to another one costs more than it.
    public ValueTask<InferAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken) =>
        scheduling.InferAsync(request, cancellationToken);

    public ValueTask<PredictAnswer> PredictAsync(PredictRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return scheduling.Batcher is { } together && session.CanBatch
            ? session.PredictAsync(request, together.MaximumRows, tensors => together.InferAsync(tensors, cancellationToken))
            : ValueTask.FromResult(session.Predict(request, cancellationToken));
    }

    public IAsyncEnumerable<GeneratePiece> Generate(GenerateRequest request, CancellationToken cancellationToken) =>
        generator?.Generate(request, cancellationToken)
        ?? throw new InvalidException($"Model '{session.Model}' continues no texts: it was not trained with head.kind 'next-token'.");

    public Task DrainAsync(TimeSpan limit) => generator?.DrainAsync(limit) ?? Task.CompletedTask;

    public void Dispose()
    {
        generator?.Dispose();
        scheduling.Dispose();
        session.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
