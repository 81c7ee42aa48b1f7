using Microsoft.Extensions.Hosting;

namespace OrleansDL.Serving;

/// <summary>A worker that starts has nothing loaded: it has every deployment look again.</summary>
internal sealed class ReplicaStart(DeploymentReconciler deployments) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => deployments.ReconcileAllAsync();

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
