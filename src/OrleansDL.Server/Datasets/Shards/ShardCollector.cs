using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrleansDL.Datasets.Shards;

/// <summary>Forgets, once an hour, the shards that nobody uses any more.</summary>
internal sealed partial class ShardCollector(DatasetShards shards, IOptions<ShardOptions> options, TimeProvider time, ILogger<ShardCollector> logger) : BackgroundService
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
                var collected = await shards.CollectAsync(time.GetUtcNow() - options.Value.KeepUnused);
                if (collected > 0)
                {
                    LogCollected(collected);
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

    [LoggerMessage(LogLevel.Information, "{Sets} sets of shards that nobody used were forgotten")]
    private partial void LogCollected(int sets);

    [LoggerMessage(LogLevel.Error, "Unused shards could not be collected; it is tried again in an hour. Check the database")]
    private partial void LogFailed(Exception exception);
}
