using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using OrleansDL.Placement;
using OrleansDL.Serving.Residency;

namespace OrleansDL.Serving;

/// <remarks>
/// A door without a state: the model lives in <see cref="LocalReplicas"/>, so that it outlives an idle activation and the front of the
/// same process needs no grain call. What computes runs on the thread pool: a grain's turns come one after the other, inference need not.
/// </remarks>
[GrainType("replica"), OnWorker, Reentrant]
internal sealed partial class ReplicaGrain(LocalReplicas local, IReplicaModels models, ModelMemory memory, ILogger<ReplicaGrain> logger) : Grain, IReplicaGrain
{
    /// <summary>How long texts begun may go on when the generation is unloaded.</summary>
    private static readonly TimeSpan GreatestDrain = TimeSpan.FromSeconds(20);

    private Task<ModelSignature>? _loading;

    private long Generation => long.Parse(
        this.GetPrimaryKeyString().AsSpan(this.GetPrimaryKeyString().LastIndexOf('/') + 1), System.Globalization.CultureInfo.InvariantCulture);

    public async Task<ModelSignature> LoadAsync(ReplicaSpec spec)
    {
        if (spec.Generation != Generation)
        {
            throw new InvalidException($"Generation {spec.Generation} was sent to the replica of generation {Generation}.");
        }

        if (local.TryAcquire(spec.Generation, out var lease))
        {
            using (lease)
            {
                return ((ILoadedReplica)lease.Replica).Signature;
            }
        }

        var loading = _loading ??= LoadOnceAsync(spec);
        try
        {
            return await loading;
        }
        finally
        {
            if (ReferenceEquals(_loading, loading))
            {
                _loading = null;
            }
        }
    }

    public async Task UnloadAsync()
    {
        if (_loading is { } loading)
        {
            await ((Task)loading).ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
        }

        var generation = Generation;
        if (await local.RemoveAsync(generation) is ILoadedReplica replica)
        {
            await replica.DrainAsync(GreatestDrain);
            await memory.RemoveAsync(generation, replica);
            LogUnloaded(generation);
        }

        DeactivateOnIdle();
    }

    public Task<InferAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken)
    {
        var lease = Acquire();
        return Task.Run(
            async () =>
            {
                using (lease)
                {
                    return await lease.Replica.InferAsync(request, cancellationToken);
                }
            },
            CancellationToken.None);
    }

    public Task<PredictAnswer> PredictAsync(PredictRequest request, CancellationToken cancellationToken)
    {
        var lease = Acquire();
        return Task.Run(
            async () =>
            {
                using (lease)
                {
                    return await lease.Replica.PredictAsync(request, cancellationToken);
                }
            },
            CancellationToken.None);
    }

    // The lease covers the beginning alone: a generation that is unloaded lets the texts it has begun go on for a while.
    public IAsyncEnumerable<GeneratePiece> GenerateAsync(GenerateRequest request, CancellationToken cancellationToken)
    {
        using var lease = Acquire();
        return lease.Replica.Generate(request, cancellationToken);
    }

    // As for texts.
    public IAsyncEnumerable<InferAnswer> AnswersAsync(InferRequest request, CancellationToken cancellationToken)
    {
        using var lease = Acquire();
        return lease.Replica.Answers(request, cancellationToken);
    }

    private async Task<ModelSignature> LoadOnceAsync(ReplicaSpec spec)
    {
        var replica = await Task.Run(() => memory.LoadAsync(spec, () => models.LoadAsync(spec)));
        LogLoaded(spec.DeploymentName, spec.ModelName, spec.ModelVersion, spec.Generation);
        return replica.Signature;
    }

    private ReplicaLease Acquire() => local.TryAcquire(Generation, out var lease)
        ? lease
        : throw new NoCapacityException($"Generation {Generation} is not loaded on this worker (any more).");

    [LoggerMessage(LogLevel.Information, "Loaded {Model} version {Version} for deployment {Deployment} as generation {Generation}")]
    private partial void LogLoaded(string deployment, string model, long version, long generation);

    [LoggerMessage(LogLevel.Information, "Unloaded generation {Generation}")]
    private partial void LogUnloaded(long generation);
}
