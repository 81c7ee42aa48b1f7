using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrleansDL.Blobs;

/// <summary>Collects, once an hour, the blobs that nobody names.</summary>
internal sealed partial class BlobSweeper(BlobStore blobs, TimeProvider time, IOptions<BlobOptions> options, ILogger<BlobSweeper> logger) : BackgroundService
{
    // Files without a row are rare, and finding them lists the whole store.
    private const int HoursBetweenOrphans = 24;
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var hour = 1;
        using var timer = new PeriodicTimer(Interval, time);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(stoppingToken);
                var report = await blobs.SweepAsync(time.GetUtcNow() - options.Value.Grace, orphans: hour++ % HoursBetweenOrphans == 0, cancellationToken: stoppingToken);
                if (report.BytesFreed > 0)
                {
                    LogFreed(report.BytesFreed);
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

    [LoggerMessage(LogLevel.Information, "Blobs that nobody names were collected: {Bytes} bytes freed")]
    private partial void LogFreed(long bytes);

    [LoggerMessage(LogLevel.Error, "Collecting blobs failed; it runs again in an hour. Check the blob folder and the database")]
    private partial void LogFailed(Exception exception);
}
