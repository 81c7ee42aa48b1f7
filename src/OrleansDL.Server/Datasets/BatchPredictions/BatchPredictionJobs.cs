using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansDL.Datasets.BatchPredictions;

/// <summary>Works on batch predictions in the background of this node. One attempt at a time, on whichever node; a dead one is followed by the next.</summary>
internal sealed partial class BatchPredictionJobs(
    BatchPredictionTable table, BatchPredictionWork work, IGrainFactory grains, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<BatchPredictionJobs> logger)
{
    private static readonly TimeSpan Alive = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<Guid, CancellationTokenSource> _running = new();

    /// <summary>Begins, unless this node works on it already.</summary>
    public void Begin(BatchPrediction prediction)
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(lifetime.ApplicationStopping);
        if (_running.TryAdd(prediction.Id, stop))
        {
            _ = Task.Run(() => RunAsync(prediction, stop), CancellationToken.None);
        }
        else
        {
            stop.Dispose();
        }
    }

    /// <summary>Stops what this node does on it; another node notices by its next heartbeat.</summary>
    public void Stop(Guid prediction)
    {
        if (_running.TryGetValue(prediction, out var stop))
        {
            stop.Cancel();
        }
    }

    private async Task RunAsync(BatchPrediction prediction, CancellationTokenSource stop)
    {
        long? attempt = null;
        try
        {
            attempt = await table.ClaimAsync(prediction.Id, Alive);
            if (attempt is null)
            {
                return;
            }

            var heart = BeatAsync(prediction.Id, attempt.Value, stop);
            BatchPredictionOutcome outcome;
            try
            {
                var version = await work.RunAsync(prediction, attempt.Value, stop.Token);
                outcome = new BatchPredictionOutcome { Version = version.Version };
            }
            catch (OrleansDLException e)
            {
                outcome = new BatchPredictionOutcome { Error = e.Message };
            }

            await grains.GetGrain<IBatchPredictionGrain>(prediction.Id).FinishAsync(outcome);
            await stop.CancelAsync();
            await heart;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Cancelled, given up for dead, or the node leaves: whoever is to go on is woken.
        }
        catch (Exception e)
        {
            LogFailed(prediction.Id, e);
        }
        finally
        {
            await stop.CancelAsync();
            _running.TryRemove(prediction.Id, out _);
            if (attempt is not null)
            {
                await ReleaseAsync(prediction.Id, attempt.Value);
            }

            stop.Dispose();
        }
    }

    private async Task BeatAsync(Guid prediction, long attempt, CancellationTokenSource stop)
    {
        using var timer = new PeriodicTimer(Heartbeat, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop.Token))
            {
                if (!await table.KeepAsync(prediction, attempt, Alive))
                {
                    await stop.CancelAsync();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The work is over.
        }
        catch (Exception e)
        {
            // Without a heartbeat another node may begin: this one must not go on.
            LogFailed(prediction, e);
            await stop.CancelAsync();
        }
    }

    private async Task ReleaseAsync(Guid prediction, long attempt)
    {
        try
        {
            await table.ReleaseAsync(prediction, attempt);
        }
        catch (Exception e) when (e is System.Data.Common.DbException or ObjectDisposedException)
        {
            // The claim runs out by itself.
        }
    }

    [LoggerMessage(LogLevel.Error, "Batch prediction {Prediction} was interrupted inside the server; it begins again where it was")]
    private partial void LogFailed(Guid prediction, Exception exception);
}
