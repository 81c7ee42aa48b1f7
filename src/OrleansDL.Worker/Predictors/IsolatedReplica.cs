using OrleansDL.Inference;
using OrleansDL.Serving;
using OrleansDL.Serving.Batching;
using OrleansDL.Serving.Sequences;

namespace OrleansDL.Predictors;

/// <summary>A generation served by a process of isolated models: what waits and what runs together is decided here, as for a model of this process.</summary>
/// <param name="model">The model.</param>
/// <param name="memory">What it takes there.</param>
/// <param name="labels">Its labels; null where it has none.</param>
/// <param name="batcher">Runs requests together; null: each for itself.</param>
/// <param name="sequences">Runs requests that belong to sequences; null: none does.</param>
internal sealed class IsolatedReplica(IsolatedModel model, ArenaUse memory, IReadOnlyList<string>? labels, Batcher? batcher, SequenceBatcher? sequences) : ILoadedReplica
{
    public ModelSignature Signature { get; } = (sequences?.Signature ?? model.Signature) with { Labels = labels };

    public ArenaUse Arena => memory;

    public TimeSpan QueueTime => batcher?.QueueTime ?? TimeSpan.Zero;

    public int Waiting => sequences?.Waiting ?? batcher?.Waiting ?? 0;

    public ValueTask<InferAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken) =>
        sequences?.InferAsync(request, cancellationToken) ?? batcher?.InferAsync(request, cancellationToken) ?? model.InferAsync(request, cancellationToken);

    public ValueTask<PredictAnswer> PredictAsync(PredictRequest request, CancellationToken cancellationToken) => model.PredictAsync(request, cancellationToken);

    public IAsyncEnumerable<GeneratePiece> Generate(GenerateRequest request, CancellationToken cancellationToken) =>
        throw new InvalidException($"Model '{model.Model}' runs isolated and continues no texts. A deployment with trusted: true runs it in the worker.");

    public Task DrainAsync(TimeSpan limit) => Task.CompletedTask;

    public void Dispose()
    {
        sequences?.Dispose();
        batcher?.Dispose();
        model.Dispose();
    }
}
