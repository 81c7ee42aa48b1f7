using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansDL.Timing;

/// <summary>Tidies up once an hour while the node runs. What fails is tried again in an hour; what is due sooner or must not be missed is a wake-up.</summary>
public abstract partial class HourlyWork(TimeProvider time, ILogger log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    protected ILogger Log => log;

    /// <summary>May be repeated, and run by several nodes at once.</summary>
    protected abstract Task TidyAsync(CancellationToken cancellationToken);

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(stoppingToken);
                await TidyAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailed(log, GetType().Name, e);
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "{Work} failed; it runs again in an hour. Check the database and the blob store")]
    private static partial void LogFailed(ILogger log, string work, Exception exception);
}
