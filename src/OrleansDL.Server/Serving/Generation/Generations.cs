using OrleansDL.Serving.Statistics;

namespace OrleansDL.Serving.Generation;

/// <summary>Texts to continue: each gets an inference id, and the metrics store is told when its first token came and how long it took.</summary>
internal sealed class Generations(Router router, IServingObserver observer, InferenceStatistics statistics, TimeProvider time)
{
    /// <summary>Returns when the first part has come. What fails before is the caller's to answer; it is counted here.</summary>
    public async Task<GenerationRun> BeginAsync(RouteEntry entry, GenerateRequest request, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        try
        {
            GenerateRequestRules.Check(request);
            var (route, text) = await router.GenerateAsync(entry, request, cancellationToken);
            return new GenerationRun(route, text, observer, statistics.Of(route), time, started) { Told = entry.Aside is { } aside ? new ToldText(aside, request) : null };
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            observer.OnError(entry.Route, time.GetElapsedTime(started), error is OrleansDLException known ? known.Status : 500);
            statistics.Of(entry.Route).Fail.Add(time.GetElapsedTime(started));
            throw;
        }
    }

    /// <summary>A seed for a request that names none.</summary>
    public static ulong NewSeed() => (ulong)Random.Shared.NextInt64();
}
