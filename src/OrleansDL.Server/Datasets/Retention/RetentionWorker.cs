using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansDL.Datasets.Retention;

/// <summary>Applies retentions that are due on this node, one after the other. A dataset's wake-up remembers it: what a dead node left is begun again.</summary>
internal sealed partial class RetentionWorker(DatasetTable table, IServiceProvider services, ILogger<RetentionWorker> logger) : BackgroundService
{
    private readonly Channel<(Guid Dataset, TaskCompletionSource Done)> _due = Channel.CreateUnbounded<(Guid, TaskCompletionSource)>();

    /// <summary>Applies a dataset's retention after those that came before.</summary>
    /// <returns>Ends when it was tried, whether it succeeded or not.</returns>
    public Task BeginAsync(Guid dataset)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _due.Writer.TryWrite((dataset, done));
        return done.Task;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var (dataset, done) in _due.Reader.ReadAllAsync(stoppingToken))
        {
            try
            {
                // Looked up here: the pruner needs grains, which are there once the node has started.
                var pruner = (DatasetPruner)services.GetService(typeof(DatasetPruner))!;
                if (await table.FindAsync(dataset) is { } found)
                {
                    var report = await pruner.PruneAsync(found, dryRun: false, stoppingToken);
                    if (report.Expired.Count > 0)
                    {
                        LogPruned(found.Name, report.Expired.Count, report.BytesFreed);
                    }
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailed(dataset, e);
            }

            done.TrySetResult();
        }
    }

    [LoggerMessage(LogLevel.Information, "Retention of dataset {Name} let go of {Versions} versions, which freed {Bytes} bytes")]
    private partial void LogPruned(string name, int versions, long bytes);

    [LoggerMessage(LogLevel.Error, "The retention of dataset {Dataset} could not be applied; it is tried again within a day. 'odl dataset prune --dry-run' shows what it comes to")]
    private partial void LogFailed(Guid dataset, Exception exception);
}
