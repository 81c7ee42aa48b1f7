using System.Collections.Concurrent;
using OrleansDL.Serving.Protocol;
using OrleansDL.Serving.Statistics;
using OrleansDL.Serving.Tracing;

namespace OrleansDL.Serving.Ensembles;

/// <summary>Calls the steps of ensembles on this front, and counts them as the requests they are.</summary>
internal sealed class EnsembleSteps(
    RouteTable routes, Router router, EnsembleGenerations generations, IServingObserver observer, InferenceStatistics statistics, TimeProvider time)
{
    private readonly ConcurrentDictionary<Guid, EnsembleGate> _gates = new();

    public TimeProvider Time => time;

    /// <remarks>The plan is made when it is first asked: one that a later version of these rules refuses is that ensemble's error, and not that of all routes.</remarks>
    public EnsembleReplica Replica(Route route) =>
        new(route, new Lazy<EnsemblePlan>(() => EnsemblePlan.Of(route.Ensemble!), LazyThreadSafetyMode.PublicationOnly), _gates.GetOrAdd(route.Deployment, static _ => new EnsembleGate()), this);

    /// <summary>The generation an answer's inference id bears.</summary>
    public ValueTask<long> GenerationAsync(Route route, long[] steps) => generations.OfAsync(route, steps);

    /// <exception cref="InferenceProtocolException">It did not answer; the message names the step.</exception>
    public async ValueTask<Answered<InferAnswer>> CallAsync(Route ensemble, PlannedStep step, InferRequest request, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        RouteEntry? entry = null;
        RequestTrace? trace = null;
        try
        {
            entry = Find(ensemble.Project, step);
            trace = RequestTrace.Step(entry.Route, request);
            var answered = await router.InferAsync(entry, entry.Route.Sequence is null && request.Sequence is not null && entry.Route.Ensemble is null ? Alone(request) : request, cancellationToken);
            trace?.OnAnswer(answered.Answer);
            observer.OnAnswer(answered.Route, time.GetElapsedTime(started), answered.Answer.TopSpan());
            statistics.Of(answered.Route).OnSuccess(time.GetElapsedTime(started), answered.Answer.Times ?? default, time.GetUtcNow());
            return answered;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            var known = ProtocolError.Of(error);
            if (entry is not null)
            {
                observer.OnError(entry.Route, time.GetElapsedTime(started), known?.Status ?? 500);
                statistics.Of(entry.Route).Fail.Add(time.GetElapsedTime(started));
            }

            throw known is { } told ? new InferenceProtocolException(told.Status, $"in ensemble '{ensemble.Name}', {told.Message} ({step})") : error;
        }
        finally
        {
            trace?.OnEnd();
        }
    }

    private RouteEntry Find(string project, PlannedStep step)
    {
        var entry = routes.Find(project, step.Deployment) ?? throw new NoCapacityException($"there is no deployment '{step.Deployment}' now");
        return step.Version is not { } version
            ? entry.Choose(null)
            : entry.Version(version) ?? throw new NoCapacityException($"deployment '{step.Deployment}' serves no version {version} now");
    }

    // The sequence is that of another step.
    private static InferRequest Alone(InferRequest request) => new()
    {
        Inputs = request.Inputs,
        Outputs = request.Outputs,
        Priority = request.Priority,
        TimeoutMicroseconds = request.TimeoutMicroseconds,
        Parameters = request.Parameters,
        Depth = request.Depth,
    };
}
