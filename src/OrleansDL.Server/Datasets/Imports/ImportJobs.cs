using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansDL.Blobs;

namespace OrleansDL.Datasets.Imports;

/// <summary>Works on imports in the background of this node. One attempt at a time, on whichever node; a dead one is followed by the next.</summary>
internal sealed partial class ImportJobs(
    ImportTable table, ImportWork work, IGrainFactory grains, IHostApplicationLifetime lifetime, BlobStore blobs, TimeProvider time, ILogger<ImportJobs> logger)
{
    private static readonly TimeSpan Alive = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<Guid, CancellationTokenSource> _running = new();

    /// <summary>Begins, unless this node works on it already.</summary>
    public void Begin(DatasetImport import, string project)
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(lifetime.ApplicationStopping);
        if (_running.TryAdd(import.Id, stop))
        {
            _ = Task.Run(() => RunAsync(import, project, stop), CancellationToken.None);
        }
        else
        {
            stop.Dispose();
        }
    }

    /// <summary>Stops what this node does on it; another node notices by its next heartbeat.</summary>
    public void Stop(Guid import)
    {
        if (_running.TryGetValue(import, out var stop))
        {
            stop.Cancel();
        }
    }

    /// <summary>Removes what was fetched in part.</summary>
    public void Forget(Guid import) => ImportWork.Stage(blobs, import).Delete();

    private async Task RunAsync(DatasetImport import, string project, CancellationTokenSource stop)
    {
        long? attempt = null;
        try
        {
            attempt = await table.ClaimAsync(import.Id, Alive);
            if (attempt is null)
            {
                return;
            }

            var heart = BeatAsync(import.Id, attempt.Value, stop);
            ImportOutcome outcome;
            try
            {
                var version = await work.RunAsync(import, project, stop.Token);
                outcome = new ImportOutcome { Version = version.Version };
            }
            catch (OrleansDLException e)
            {
                outcome = new ImportOutcome { Error = e.Message };
            }

            await grains.GetGrain<IImportGrain>(import.Id).FinishAsync(outcome);
            await stop.CancelAsync();
            await heart;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Cancelled, given up for dead, or the node leaves: whoever is to go on is woken.
        }
        catch (Exception e)
        {
            LogFailed(import.Id, e);
        }
        finally
        {
            await stop.CancelAsync();
            _running.TryRemove(import.Id, out _);
            if (attempt is not null)
            {
                await ReleaseAsync(import.Id, attempt.Value);
            }

            stop.Dispose();
        }
    }

    private async Task BeatAsync(Guid import, long attempt, CancellationTokenSource stop)
    {
        using var timer = new PeriodicTimer(Heartbeat, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop.Token))
            {
                if (!await table.KeepAsync(import, attempt, Alive))
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
            LogFailed(import, e);
            await stop.CancelAsync();
        }
    }

    private async Task ReleaseAsync(Guid import, long attempt)
    {
        try
        {
            await table.ReleaseAsync(import, attempt);
        }
        catch (Exception e) when (e is System.Data.Common.DbException or ObjectDisposedException)
        {
            // The claim runs out by itself.
        }
    }

    [LoggerMessage(LogLevel.Error, "Import {Import} was interrupted inside the server; it begins again where it was")]
    private partial void LogFailed(Guid import, Exception exception);
}
