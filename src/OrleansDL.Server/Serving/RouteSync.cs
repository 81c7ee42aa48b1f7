using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansDL.Nodes;

namespace OrleansDL.Serving;

/// <summary>Keeps this front's routes: all of them at start, then what is pushed, and a look at the table for what a push did not reach.</summary>
internal sealed partial class RouteSync : IHostedService, IDisposable
{
    /// <summary>Topic of the notices that carry a route.</summary>
    public const string Topic = "routes";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    // Rows are stamped by the clocks of other nodes, and become visible a moment after their stamp.
    private static readonly TimeSpan Overlap = TimeSpan.FromSeconds(10);

    private readonly RouteTable _routes;
    private readonly DeploymentTables _tables;
    private readonly TimeProvider _time;
    private readonly ILogger<RouteSync> _logger;
    private readonly IDisposable _subscription;
    private readonly SemaphoreSlim _wanted = new(0, 1);
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;
    private long _lastChange;

    public RouteSync(RouteTable routes, DeploymentTables tables, NodeNotices notices, TimeProvider time, ILogger<RouteSync> logger)
    {
        _routes = routes;
        _tables = tables;
        _time = time;
        _logger = logger;
        _routes.NewerWanted += RefreshSoon;
        _subscription = notices.Subscribe(Topic, payload =>
        {
            _routes.Update(JsonSerializer.Deserialize<Route>(payload, OdlJson.Options)!);
            return Task.CompletedTask;
        });
    }

    /// <summary>Whether the routes are known at all.</summary>
    public bool Loaded { get; private set; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await ReadAsync(cancellationToken);
        Loaded = true;
        _running = RunAsync();
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _running;
    }

    public void Dispose()
    {
        _routes.NewerWanted -= RefreshSoon;
        _subscription.Dispose();
        _wanted.Dispose();
        _stop.Dispose();
    }

    private void RefreshSoon()
    {
        try
        {
            _wanted.Release();
        }
        catch (SemaphoreFullException)
        {
            // A look is due already.
        }
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                using var interval = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                await Task.WhenAny(_wanted.WaitAsync(interval.Token), Task.Delay(Interval, _time, interval.Token));
                await interval.CancelAsync();
                _stop.Token.ThrowIfCancellationRequested();
                try
                {
                    await ReadAsync(_stop.Token);
                }
                catch (System.Data.Common.DbException error)
                {
                    LogNotRead(error);
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            LogStopped();
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        var (routes, lastChange) = await _tables.ReadRoutesAsync(_lastChange - (long)Overlap.TotalMicroseconds, cancellationToken);
        _lastChange = Math.Max(_lastChange, lastChange);
        if (routes.Any(_routes.IsNews))
        {
            _routes.Update([.. routes]);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The routes could not be read from the database; they are read again in a few seconds")]
    private partial void LogNotRead(Exception exception);

    [LoggerMessage(LogLevel.Debug, "Stopped following the routes")]
    private partial void LogStopped();
}
