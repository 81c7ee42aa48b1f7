using OrleansDL.Inference;
using OrleansDL.Serving.Batching;
using OrleansDL.Serving.Sequences;

namespace OrleansDL.Serving;

/// <summary>What decides which requests for a loaded model wait and run together, wherever the model runs.</summary>
/// <param name="Model">The model as requests see it that do not wait.</param>
/// <param name="Batcher">Runs requests together; null: each for itself.</param>
/// <param name="Sequences">Runs requests that belong to sequences; null: none does.</param>
internal sealed record Scheduling(ITensorModel Model, Batcher? Batcher, SequenceBatcher? Sequences) : IDisposable
{
    /// <summary>What callers give and get.</summary>
    public ModelSignature Signature => Sequences?.Signature ?? Model.Signature;

    public TimeSpan QueueTime => Batcher?.QueueTime ?? TimeSpan.Zero;

    /// <summary>Requests that wait for their execution now.</summary>
    public int Waiting => Sequences?.Waiting ?? Batcher?.Waiting ?? 0;

    /// <exception cref="InvalidException">The spec names what the model has not.</exception>
    /// <param name="model">The model; its owner frees it.</param>
    /// <param name="spec">The rules.</param>
    /// <param name="folder">Where its files lie.</param>
    /// <param name="time">The clock of waits.</param>
    public static Scheduling Of(ITensorModel model, ReplicaSpec spec, string folder, TimeProvider time)
    {
        var hold = BatchHold.OfEnvironment();
        if (spec.Sequence is { } sequence)
        {
            return new Scheduling(model, null, new SequenceBatcher(new SequenceModel(model, sequence, folder, spec.DeploymentName), sequence, spec.DeploymentName, time, hold));
        }

        var tensors = spec.Ragged is { } ragged ? new RaggedModel(model, ragged) : model;
        return new Scheduling(tensors, spec.Batching is { } batching ? new Batcher(tensors, batching, time, hold, (tensors as RaggedModel)?.Ragged) : null, null);
    }

    public ValueTask<InferAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken) =>
        Sequences?.InferAsync(request, cancellationToken) ?? Batcher?.InferAsync(request, cancellationToken) ?? Model.InferAsync(request, cancellationToken);

    public void Dispose()
    {
        Sequences?.Dispose();
        Batcher?.Dispose();
    }
}
