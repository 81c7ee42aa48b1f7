using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansDL.Datasets.Uploads;

/// <summary>Throws away, once an hour, uploads that were given up.</summary>
internal sealed partial class UploadSweeper(UploadSessions sessions, ProjectBlobs projects, TimeProvider time, ILogger<UploadSweeper> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(stoppingToken);
                var gone = await sessions.SweepAsync(stoppingToken);
                await projects.ForgetAsync(stoppingToken);
                if (gone > 0)
                {
                    LogGone(gone);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailed(e);
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "{Uploads} uploads that nobody went on with were thrown away")]
    private partial void LogGone(int uploads);

    [LoggerMessage(LogLevel.Error, "Throwing away old uploads failed; it runs again in an hour. Check the blob folder and the database")]
    private partial void LogFailed(Exception exception);
}
