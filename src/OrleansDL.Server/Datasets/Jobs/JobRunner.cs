using System.Collections.Concurrent;

namespace OrleansDL.Datasets.Jobs;

/// <summary>Works on jobs in the background of this node. One attempt at a time, on whichever node; a dead one is followed by the next.</summary>
/// <param name="claims">Who works on what.</param>
/// <param name="time">The time.</param>
/// <param name="failed">Told of an error inside the server, after which a job begins again where it was.</param>
/// <param name="leaving">Ends all work: the node leaves.</param>
internal sealed class JobRunner(JobClaims claims, TimeProvider time, Action<Guid, Exception> failed, CancellationToken leaving)
{
    private static readonly TimeSpan Alive = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<Guid, CancellationTokenSource> _running = new();

    /// <summary>Begins, unless this node works on it already.</summary>
    /// <param name="job">Its id.</param>
    /// <param name="work">Does it, under the number of an attempt, and says what became of it.</param>
    public void Begin(Guid job, Func<long, CancellationToken, Task> work)
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(leaving);
        if (_running.TryAdd(job, stop))
        {
            _ = Task.Run(() => RunAsync(job, work, stop), CancellationToken.None);
        }
        else
        {
            stop.Dispose();
        }
    }

    /// <summary>Stops what this node does on it; another node notices by its next heartbeat.</summary>
    public void Stop(Guid job)
    {
        if (_running.TryGetValue(job, out var stop))
        {
            stop.Cancel();
        }
    }

    private async Task RunAsync(Guid job, Func<long, CancellationToken, Task> work, CancellationTokenSource stop)
    {
        long? attempt = null;
        try
        {
            attempt = await claims.ClaimAsync(job, Alive);
            if (attempt is null)
            {
                return;
            }

            var heart = BeatAsync(job, attempt.Value, stop);
            await work(attempt.Value, stop.Token);
            await stop.CancelAsync();
            await heart;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Cancelled, given up for dead, or the node leaves: whoever is to go on is woken.
        }
        catch (Exception e)
        {
            failed(job, e);
        }
        finally
        {
            await stop.CancelAsync();
            _running.TryRemove(job, out _);
            if (attempt is not null)
            {
                await ReleaseAsync(job, attempt.Value);
            }

            stop.Dispose();
        }
    }

    private async Task BeatAsync(Guid job, long attempt, CancellationTokenSource stop)
    {
        using var timer = new PeriodicTimer(Heartbeat, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop.Token))
            {
                if (!await claims.KeepAsync(job, attempt, Alive))
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
            failed(job, e);
            await stop.CancelAsync();
        }
    }

    private async Task ReleaseAsync(Guid job, long attempt)
    {
        try
        {
            await claims.ReleaseAsync(job, attempt);
        }
        catch (Exception e) when (e is System.Data.Common.DbException or ObjectDisposedException)
        {
            // The claim runs out by itself.
        }
    }
}
