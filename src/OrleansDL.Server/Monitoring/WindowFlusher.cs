using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansDL.Telemetry;

namespace OrleansDL.Monitoring;

/// <summary>Writes this node's windows to the database every two seconds, and a last time when the node leaves.</summary>
internal sealed partial class WindowFlusher(
    ServingWindows windows, WindowStore store, FeedbackStore feedback, ILocalSiloDetails silo, MonitoringMetrics metrics, TimeProvider time,
    IOptions<MonitoringOptions> options, ILogger<WindowFlusher> logger) : BackgroundService
{
    private const int WrittenAtOnce = 500;
    private static readonly TimeSpan Sweep = TimeSpan.FromHours(1);

    private readonly SemaphoreSlim _writing = new(1);
    private long _givenUp;
    private bool _failing;

    /// <summary>The silo's address holds the number of its start: a node that comes back writes rows of its own.</summary>
    private string Node => silo.SiloAddress.ToParsableString();

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // The front has stopped by now: hosted services stop in the reverse order of their start, and it starts last.
        await base.StopAsync(cancellationToken);
        await TryFlushAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _writing.Dispose();
        base.Dispose();
    }

    /// <summary>Writes everything recorded so far.</summary>
    internal async Task FlushAsync(CancellationToken cancellationToken = default)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            var begun = time.GetTimestamp();
            foreach (var some in windows.Collect().Chunk(WrittenAtOnce))
            {
                await store.WriteAsync([.. some.Select(window => WindowRow.Of(window, Node))], cancellationToken);
                windows.Confirm(some);
                metrics.OnWritten(some.Length, time.GetElapsedTime(begun));
            }
        }
        finally
        {
            _writing.Release();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.FlushInterval, time);
        var swept = time.GetTimestamp();
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TryFlushAsync(stoppingToken);
                if (time.GetElapsedTime(swept) >= Sweep)
                {
                    swept = time.GetTimestamp();
                    await TrySweepAsync(stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
    }

    private async Task TryFlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await FlushAsync(cancellationToken);
            if (_failing)
            {
                LogRecovered();
            }

            _failing = false;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            metrics.OnFailed();
            if (!_failing)
            {
                LogFailed(e);
            }

            _failing = true;
        }

        if (windows.GivenUp > _givenUp)
        {
            LogGivenUp(windows.GivenUp - _givenUp);
            _givenUp = windows.GivenUp;
        }
    }

    private async Task TrySweepAsync(CancellationToken cancellationToken)
    {
        try
        {
            var before = time.GetUtcNow() - options.Value.Retention;
            while (await store.RemoveAsync(before, cancellationToken) | await feedback.RemoveAsync(before, cancellationToken))
            {
                // Between two portions other writers have their turn.
                await Task.Yield();
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogSweepFailed(e);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Writing serving metrics failed; they are kept and written again every few seconds. Check the database")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(LogLevel.Information, "Serving metrics are written again")]
    private partial void LogRecovered();

    [LoggerMessage(LogLevel.Error, "{Windows} windows of serving metrics were given up: the database could not be reached for too long")]
    private partial void LogGivenUp(long windows);

    [LoggerMessage(LogLevel.Warning, "Removing old serving metrics failed; it is tried again in an hour. Check the database")]
    private partial void LogSweepFailed(Exception exception);
}
