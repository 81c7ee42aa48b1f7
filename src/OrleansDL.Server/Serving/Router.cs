using Microsoft.Extensions.Logging;
using OrleansDL.Serving.Caching;
using OrleansDL.Serving.Generation;
using OrleansDL.Serving.Residency;

namespace OrleansDL.Serving;

/// <summary>Brings a request to a replica: the one in this process if there is one, else one of the workers in turn.</summary>
/// <remarks>Inference changes nothing, so a request that met a generation just unloaded, or a node just lost, is sent again.</remarks>
internal sealed partial class Router(RouteTable routes, LocalReplicas local, TimeProvider time, ILogger<Router> logger, ResidentRoutes? residents = null)
{
    private const int MaximumAttempts = 3;

    /// <summary>How often a request may meet a model on demand that was evicted before it came.</summary>
    private const int MaximumMeetings = 10;
    private static readonly TimeSpan WaitBeforeNextWorker = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan WaitForNewerRoute = TimeSpan.FromSeconds(2);

    public ValueTask<Answered<InferAnswer>> InferAsync(RouteEntry entry, InferRequest request, CancellationToken cancellationToken) =>
        entry.Cache is { } cache && entry.Route is { Generation: not null, Sequence: null } && request.Sequence is null
            ? CachedAsync(cache, entry, request, cancellationToken)
            : RunAsync(entry, request, cancellationToken);

    public ValueTask<Answered<PredictAnswer>> PredictAsync(RouteEntry entry, PredictRequest request, CancellationToken cancellationToken) =>
        entry.Cache is { } cache && entry.Route is { Generation: not null, Sequence: null }
            ? CachedAsync(cache, entry, request, cancellationToken)
            : RunAsync(entry, request, cancellationToken);

    // Methods of their own: what a lambda holds is allocated where its method begins, and most deployments have no cache.
    private ValueTask<Answered<InferAnswer>> CachedAsync(ResponseCache cache, RouteEntry entry, InferRequest request, CancellationToken cancellationToken) =>
        cache.AnswerAsync(entry.Route, CacheKeys.Of(entry.Route, request, routes), () => RunAsync(entry, request, cancellationToken), CachedTensors.Form, cancellationToken);

    private ValueTask<Answered<PredictAnswer>> CachedAsync(ResponseCache cache, RouteEntry entry, PredictRequest request, CancellationToken cancellationToken) =>
        cache.AnswerAsync(entry.Route, CacheKeys.Of(entry.Route, request, routes), () => RunAsync(entry, request, cancellationToken), CachedRows.Form, cancellationToken);

    private ValueTask<Answered<InferAnswer>> RunAsync(RouteEntry entry, InferRequest request, CancellationToken cancellationToken) =>
        entry.Route.Configuration?.Reshapes is { } reshapes ? ReshapedAsync(entry, reshapes, request, cancellationToken) : SendInferAsync(entry, request, cancellationToken);

    private async ValueTask<Answered<InferAnswer>> ReshapedAsync(RouteEntry entry, IReadOnlyDictionary<string, TensorReshape> reshapes, InferRequest request, CancellationToken cancellationToken)
    {
        var batch = entry.Route.Configuration!.MaximumBatchSize > 0 ? 1 : 0;
        var (route, answer) = await SendInferAsync(entry, Reshaping.In(request, reshapes, batch), cancellationToken);
        return new Answered<InferAnswer>(route, Reshaping.Out(answer, reshapes, batch));
    }

    private ValueTask<Answered<InferAnswer>> SendInferAsync(RouteEntry entry, InferRequest request, CancellationToken cancellationToken) =>
        SendAsync(entry, request, static (replica, request, cancellationToken) => replica.InferAsync(request, cancellationToken), cancellationToken,
            entry.Route.Sequence is null ? null : request.Sequence?.Id());

    private ValueTask<Answered<PredictAnswer>> RunAsync(RouteEntry entry, PredictRequest request, CancellationToken cancellationToken) =>
        SendAsync(entry, request, static (replica, request, cancellationToken) => replica.PredictAsync(request, cancellationToken), cancellationToken);

    /// <summary>Begins to continue a text. Only until its first part has come can it be sent again.</summary>
    public ValueTask<Answered<GeneratedText>> GenerateAsync(RouteEntry entry, GenerateRequest request, CancellationToken cancellationToken) =>
        SendAsync(entry, request, static (replica, request, cancellationToken) => GeneratedText.BeginAsync(replica, request, cancellationToken), cancellationToken);

    /// <summary>Asks a decoupled model. Only until its first answer has come can the request be sent again.</summary>
    public ValueTask<Answered<AnswerStream>> AnswersAsync(RouteEntry entry, InferRequest request, CancellationToken cancellationToken) =>
        SendAsync(entry, request, static (replica, request, cancellationToken) => AnswerStream.BeginAsync(replica, request, cancellationToken), cancellationToken);

    /// <param name="sequence">What must always meet the same replica, and none twice; null: any will do.</param>
    private async ValueTask<Answered<TAnswer>> SendAsync<TRequest, TAnswer>(
        RouteEntry entry, TRequest request, Func<IReplica, TRequest, CancellationToken, ValueTask<TAnswer>> send, CancellationToken cancellationToken, string? sequence = null)
    {
        var (others, lost) = (0, 0);
        for (var attempt = 1; ;)
        {
            var route = entry.Route;
            if (route.Generation is not { } generation)
            {
                throw new NoCapacityException(
                    $"Deployment '{route.Name}' is not ready{(route.Reason is null ? "" : ": " + route.Reason)}. Try again, or look at GET /v1/projects/{route.Project}/deployments/{route.Name}.");
            }

            if ((sequence is null || route.Workers.Count == 1) && local.TryAcquire(generation, out var lease))
            {
                using (lease)
                {
                    return new Answered<TAnswer>(route, await send(lease.Replica, request, cancellationToken));
                }
            }

            // Whatever is on demand is loaded for the request, which waits as long as it may; how often it met an eviction is counted.
            var resident = route.OnDemand && residents is not null ? await residents.FindAsync(route, generation, cancellationToken) : null;
            if ((resident is { } found ? found.Replica : sequence is null ? entry.NextReplica() : entry.ReplicaOf(sequence)) is { } replica)
            {
                try
                {
                    return new Answered<TAnswer>(route, await send(replica, request, cancellationToken));
                }
                catch (Exception error) when (IsGone(error) && (sequence is null || error is NoCapacityException))
                {
                    LogRetried(route.Name, generation, error.Message);
                    if (resident is { } gone)
                    {
                        residents!.Forget(generation, gone.Worker);
                        if (attempt++ < MaximumMeetings)
                        {
                            continue;
                        }
                    }
                    else if (replica is RemoteReplica remote)
                    {
                        // Another worker of the same generation is there: it is asked at once; but what two workers may have ended by is not handed on to all.
                        remote.OnGone();
                        if (sequence is null && ++others < entry.Replicas && (error is NoCapacityException || lost++ == 0))
                        {
                            continue;
                        }
                    }
                }
                catch (Exception error) when (IsGone(error))
                {
                    throw new NoCapacityException($"The worker that keeps sequence {sequence} does not answer, and the request may have run. Start the sequence again. ({error.Message})");
                }
            }

            if (attempt >= MaximumAttempts)
            {
                throw new NoCapacityException($"No worker answers for deployment '{route.Name}' now. Try again.");
            }

            // The first time, another worker of the same generation may be there; after that only a newer route helps.
            var newer = await routes.NewerAsync(route.Deployment, route.Revision, attempt == 1 ? WaitBeforeNextWorker : WaitForNewerRoute, time, cancellationToken)
                ?? throw new NotFoundException($"Deployment '{route.Name}' was deleted.");
            entry = entry.Asked is { } version
                ? newer.Version(version) ?? throw new NotFoundException($"Request for unknown model: '{route.Name}' version {version} is not found")
                : newer;

            // A route that has moved on is no failed attempt: however fast versions change, no request is lost to it.
            if (entry.Route.Revision == route.Revision)
            {
                attempt++;
            }
        }
    }

    /// <summary>Whether the replica is not there (any more), rather than that it refused the request.</summary>
    /// <remarks>Orleans says ArgumentException when no silo ever hosted the grain's class.</remarks>
    private static bool IsGone(Exception error) =>
        error is NoCapacityException or Orleans.Runtime.OrleansException or ArgumentException;

    [LoggerMessage(LogLevel.Debug, "A request for deployment {Deployment} met generation {Generation} gone and is sent again: {Reason}")]
    private partial void LogRetried(string deployment, long generation, string reason);
}
