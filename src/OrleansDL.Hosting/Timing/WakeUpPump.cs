using System.Collections.Concurrent;
using Dapper;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansDL.Database;

namespace OrleansDL.Timing;

/// <summary>Delivers due wake-ups: at once those armed on this node, and by a sweep those that the dead left behind.</summary>
public sealed partial class WakeUpPump(Db database, IGrainFactory grains, TimeProvider time, ILogger<WakeUpPump> logger) : BackgroundService
{
    // A claim outlives its node by this much, and the sweep runs this often: what a dead node claimed goes on within their sum.
    private static readonly TimeSpan Claim = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Sweep = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(60);
    private const int SweepSize = 256;

    private readonly ConcurrentDictionary<(string Grain, string Name), InFlight> _inFlight = new();
    private readonly SemaphoreSlim _slots = new(64);
    private CancellationToken _stopping;
    private volatile bool _running;

    /// <summary>A wake-up was armed on this node.</summary>
    /// <param name="grain">Id of the grain as text.</param>
    /// <param name="name">Name of the wake-up.</param>
    /// <param name="due">Microseconds since the epoch.</param>
    public void Signal(string grain, string name, long due)
    {
        if (!_running)
        {
            return;
        }

        var wait = TimeSpan.FromMicroseconds(Math.Max(0, due - time.Now()));
        if (wait <= Sweep)
        {
            _ = DeliverAfterAsync(grain, name, wait);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _stopping = stoppingToken;
        _running = true;
        using var timer = new PeriodicTimer(Sweep, time);
        try
        {
            do
            {
                try
                {
                    await SweepAsync();
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    LogSweepFailed(e);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            _running = false;
        }
    }

    private async Task SweepAsync()
    {
        var now = time.Now();
        await using var connection = await database.OpenRelaxedAsync(_stopping);
        foreach (var (grain, name) in _inFlight.Keys)
        {
            await connection.ExecuteAsync(
                "UPDATE wake_up SET claimed_until = @until WHERE grain = @grain AND name = @name AND claimed_until > 0",
                new { grain, name, until = now + (long)Claim.TotalMicroseconds });
        }

        var due = await connection.QueryAsync<(string Grain, string Name)>(
            "SELECT grain, name FROM wake_up WHERE due <= @now AND claimed_until <= @now ORDER BY due LIMIT @limit",
            new { now, limit = SweepSize });
        foreach (var (grain, name) in due)
        {
            _ = DeliverAfterAsync(grain, name, TimeSpan.Zero);
        }
    }

    private async Task DeliverAfterAsync(string grain, string name, TimeSpan wait)
    {
        try
        {
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, time, _stopping);
            }

            // Off the caller's scheduler: the caller may be a grain that must first finish its turn.
            await Task.Run(() => DeliverAsync(grain, name), _stopping);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e)
        {
            LogDeliveryLost(grain, name, e);
        }
    }

    private async Task DeliverAsync(string grain, string name)
    {
        var mine = new InFlight();
        var current = _inFlight.GetOrAdd((grain, name), mine);
        if (current != mine)
        {
            current.Again = true;
            return;
        }

        await _slots.WaitAsync(_stopping);
        try
        {
            while (!_stopping.IsCancellationRequested)
            {
                mine.Again = false;
                var delivered = await TryDeliverAsync(grain, name);
                if (!delivered && !mine.Again)
                {
                    return;
                }
            }
        }
        finally
        {
            _inFlight.TryRemove((grain, name), out _);
            _slots.Release();
        }
    }

    // True when it delivered something, so that a wake-up armed again meanwhile is seen at once.
    private async Task<bool> TryDeliverAsync(string grain, string name)
    {
        if (await ClaimAsync(grain, name) is not { } claim)
        {
            return false;
        }

        var (version, payload, attempts) = claim;
        try
        {
            await grains.GetGrain<IWakeable>(GrainId.Parse(grain)).WakeAsync(name, payload);
        }
        catch (Exception e)
        {
            var backoff = TimeSpan.FromSeconds(Math.Min(LongestBackoff.TotalSeconds, 0.5 * Math.Pow(2, Math.Min(attempts, 10))));
            LogWakeFailed(grain, name, attempts, backoff, e);
            await using var later = await database.OpenRelaxedAsync(_stopping);
            await later.ExecuteAsync(
                "UPDATE wake_up SET claimed_until = @until WHERE grain = @grain AND name = @name AND version = @version",
                new { grain, name, version, until = time.Now() + (long)backoff.TotalMicroseconds });
            return false;
        }

        await using var connection = await database.OpenRelaxedAsync(_stopping);
        await connection.ExecuteAsync(
            "DELETE FROM wake_up WHERE grain = @grain AND name = @name AND version = @version", new { grain, name, version });
        return true;
    }

    // A claim lasts no longer than its node, and what was delivered may be delivered again: neither is worth a sync of the disk.
    private async Task<(long Version, string? Payload, int Attempts)?> ClaimAsync(string grain, string name)
    {
        await using var connection = await database.OpenRelaxedAsync(_stopping);
        var now = time.Now();
        var claims = await connection.QueryAsync<(long Version, string? Payload, int Attempts)>(
            """
            UPDATE wake_up SET claimed_until = @until, attempts = attempts + 1
            WHERE grain = @grain AND name = @name AND due <= @now AND claimed_until <= @now
            RETURNING version, payload, attempts
            """,
            new { grain, name, now, until = now + (long)Claim.TotalMicroseconds });
        return claims.AsList() is [var claim, ..] ? claim : null;
    }

    [LoggerMessage(LogLevel.Warning, "Wake-up {Name} of {Grain} failed at attempt {Attempt}; it is delivered again in {Backoff}")]
    private partial void LogWakeFailed(string grain, string name, int attempt, TimeSpan backoff, Exception exception);

    [LoggerMessage(LogLevel.Error, "Wake-up {Name} of {Grain} could not be handled; the sweep delivers it again")]
    private partial void LogDeliveryLost(string grain, string name, Exception exception);

    [LoggerMessage(LogLevel.Error, "The sweep for due wake-ups failed; it runs again in a second. Check the database")]
    private partial void LogSweepFailed(Exception exception);

    private sealed class InFlight
    {
        public volatile bool Again;
    }
}
