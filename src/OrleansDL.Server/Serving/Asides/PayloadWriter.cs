using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrleansDL.Serving.Asides;

/// <summary>Writes sampled requests down, redacted, and commits them in batches: by size, after the interval, and a last time when the node leaves.</summary>
internal sealed partial class PayloadWriter(
    PayloadQueue queue, IPayloadCommits commits, PayloadMetrics metrics, TimeProvider time, IOptions<PayloadLogOptions> options, ILogger<PayloadWriter> logger) : BackgroundService
{
    private readonly List<PayloadRows> _rows = [];

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // The front has stopped by now: hosted services stop in the reverse order of their start, and it starts last.
        await base.StopAsync(cancellationToken);
        TakeAll();
        await CommitAsync(_ => true, cancellationToken);
    }

    public override void Dispose()
    {
        _rows.ForEach(rows => rows.Dispose());
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var interval = options.Value.CommitInterval;
        try
        {
            while (await WaitAsync(interval, stoppingToken))
            {
                TakeAll();
                var now = time.GetUtcNow();
                await CommitAsync(rows => rows.Due(interval) <= now || (!rows.IsClosed && rows.Bytes >= options.Value.CommitBytes), stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
    }

    /// <summary>Returns when something came, or when what waits has waited long enough.</summary>
    private async Task<bool> WaitAsync(TimeSpan interval, CancellationToken stop)
    {
        if (_rows.Count == 0)
        {
            return await queue.Waiting.WaitToReadAsync(stop);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var due = _rows.Min(rows => rows.Due(interval)) - time.GetUtcNow();
        await Task.WhenAny(queue.Waiting.WaitToReadAsync(limit.Token).AsTask(), Task.Delay(due > TimeSpan.Zero ? due : TimeSpan.Zero, time, limit.Token));
        await limit.CancelAsync();
        stop.ThrowIfCancellationRequested();
        return true;
    }

    private void TakeAll()
    {
        while (queue.Waiting.TryRead(out var record))
        {
            var rows = _rows.Find(known => known.Project == record.Route.Project && known.Dataset == record.Log.Dataset && !known.IsClosed && known.Bytes < options.Value.CommitBytes);
            if (rows is null)
            {
                rows = new PayloadRows(record.Route.Project, record.Log.Dataset, time.GetUtcNow());
                _rows.Add(rows);
            }

            if (!rows.TryAdd(record))
            {
                metrics.OnRows(rows.Project, "failed", 1);
                queue.Free(record.Bytes);
            }
        }
    }

    private async Task CommitAsync(Func<PayloadRows, bool> isDue, CancellationToken cancellationToken)
    {
        foreach (var rows in _rows.Where(isDue).ToList())
        {
            if (rows.Rows == 0)
            {
                Forget(rows);
                continue;
            }

            try
            {
                await commits.CommitAsync(rows.Close(), cancellationToken);
                metrics.OnRows(rows.Project, "committed", rows.Rows);
                Forget(rows);
            }
            catch (Exception error) when (error is NotFoundException or InvalidException or ConflictException)
            {
                // Trying again would not help: the dataset is gone, or is of another form.
                metrics.OnRows(rows.Project, "failed", rows.Rows);
                LogRefused(rows.Rows, rows.Dataset, rows.Project, error.Message);
                Forget(rows);
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested)
            {
                rows.TryAgain = time.GetUtcNow() + options.Value.CommitInterval / 10;
                LogFailed(rows.Rows, rows.Dataset, rows.Project, error);
            }
        }
    }

    private void Forget(PayloadRows rows)
    {
        _rows.Remove(rows);
        queue.Free(rows.Reserved);
        rows.Dispose();
    }

    [LoggerMessage(LogLevel.Error, "{Rows} rows of payload logs were given up: dataset {Dataset} of project {Project} did not take them. {Reason}")]
    private partial void LogRefused(long rows, string dataset, string project, string reason);

    [LoggerMessage(LogLevel.Warning, "{Rows} rows of payload logs could not be committed to dataset {Dataset} of project {Project}; they are kept and tried again")]
    private partial void LogFailed(long rows, string dataset, string project, Exception exception);
}
