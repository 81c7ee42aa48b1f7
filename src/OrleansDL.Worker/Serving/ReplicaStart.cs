using Microsoft.Extensions.Hosting;

namespace OrleansDL.Serving;

/// <summary>A worker that starts has nothing loaded: it clears what the process before it left, and has every deployment look again.</summary>
internal sealed class ReplicaStart(OnnxModels models, DeploymentReconciler deployments) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (Directory.Exists(models.Root))
        {
            Directory.Delete(models.Root, recursive: true);
        }

        await deployments.ReconcileAllAsync();
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
