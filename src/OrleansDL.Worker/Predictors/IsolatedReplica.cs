using OrleansDL.Inference;
using OrleansDL.Serving;

namespace OrleansDL.Predictors;

/// <summary>A generation served by a process of isolated models: what waits and what runs together is decided here, as for a model of this process.</summary>
/// <param name="model">The model.</param>
/// <param name="scheduling">Runs requests together, or each for itself.</param>
/// <param name="memory">What it takes there.</param>
/// <param name="labels">Its labels; null where it has none.</param>
/// <param name="time">The clock.</param>
internal sealed class IsolatedReplica(IsolatedModel model, Scheduling scheduling, ArenaUse memory, IReadOnlyList<string>? labels, TimeProvider time) : ILoadedReplica
{
    public ModelSignature Signature { get; } = scheduling.Signature with { Labels = labels };

    public ArenaUse Arena => memory;

    public TimeSpan QueueTime => scheduling.QueueTime;

    public int Waiting => scheduling.Waiting;

    public ValueTask<InferAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken) =>
        scheduling.InferAsync(request, cancellationToken);

    public ValueTask<PredictAnswer> PredictAsync(PredictRequest request, CancellationToken cancellationToken) => model.PredictAsync(request, cancellationToken);

    public IAsyncEnumerable<GeneratePiece> Generate(GenerateRequest request, CancellationToken cancellationToken) =>
        throw new InvalidException($"Model '{model.Model}' runs isolated and continues no texts. A deployment with trusted: true runs it in the worker.");

    public IAsyncEnumerable<InferAnswer> Answers(InferRequest request, CancellationToken cancellationToken) => model.AnswersAsync(request, cancellationToken);

    public bool IsBusy => !model.Streams.AreNone;

    public Task DrainAsync(TimeSpan limit) => model.Streams.DrainAsync(limit, time);

    public void Dispose()
    {
        scheduling.Dispose();
        model.Dispose();
    }
}
