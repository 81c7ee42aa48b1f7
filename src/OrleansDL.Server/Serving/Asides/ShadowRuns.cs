using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansDL.Serving.Asides;

/// <summary>Asks shadows what waits for them, two requests at a time.</summary>
internal sealed partial class ShadowRuns(ShadowQueue queue, Router router, IShadowObserver observer, TimeProvider time, ILogger<ShadowRuns> logger) : BackgroundService
{
    private const int AtOnce = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => Task.Run(() => RunAsync(stoppingToken), CancellationToken.None)));

    private async Task RunAsync(CancellationToken stop)
    {
        try
        {
            await foreach (var job in queue.Waiting.ReadAllAsync(stop))
            {
                await RunAsync(job, stop);
                queue.Done(job);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return;
        }
    }

    private async Task RunAsync(ShadowJob job, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Patience);
        try
        {
            var began = time.GetTimestamp();
            var compare = await job.AskAsync(router, limit.Token);
            var latency = time.GetElapsedTime(began);
            var comparison = compare();
            observer.OnCompared(job.Shadow.Route, latency, comparison.Agrees, comparison.Difference);
        }
        catch (Exception error) when (!stop.IsCancellationRequested)
        {
            // Whatever a shadow does is its own affair: a caller has long been answered.
            observer.OnFailed(job.Shadow.Route);
            LogFailed(job.Shadow.Route.Name, job.Shadow.Number, error.Message);
        }
    }

    [LoggerMessage(LogLevel.Debug, "The shadow of deployment {Deployment}, version {Version}, did not answer: {Reason}")]
    private partial void LogFailed(string deployment, long version, string reason);
}
