using Microsoft.Extensions.Hosting;
using OrleansDL.Nodes;

namespace OrleansDL.Serving;

/// <summary>Has every deployment look again at where it is served when the scheduler says that workers came or went.</summary>
internal sealed class WorkerWatch(NodeNotices notices, DeploymentReconciler deployments) : IHostedService
{
    /// <summary>Topic of the scheduler's notices.</summary>
    private const string WorkersChanged = "workers.changed";
    private IDisposable? _subscription;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _subscription = notices.Subscribe(WorkersChanged, _ => deployments.ReconcileAllAsync());
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _subscription?.Dispose();
        return Task.CompletedTask;
    }
}
