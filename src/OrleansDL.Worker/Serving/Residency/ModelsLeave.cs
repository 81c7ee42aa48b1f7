using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansDL.Nodes;
using OrleansDL.Training;

namespace OrleansDL.Serving.Residency;

/// <summary>A worker that is stopped has its models loaded elsewhere before it goes, as when it is drained; where no other worker is, it just goes.</summary>
/// <remarks>It stands after what reports the models, and so is stopped before it, while grains can still be called.</remarks>
internal sealed partial class ModelsLeave(NodeOptions node, NodeLeave leave, ModelMemory memory, ModelCopies copies, IGrainFactory grains, TimeProvider time, ILogger<ModelsLeave> logger) : IHostedService
{
    private const string Pool = "default";

    /// <summary>With the host's time to shut down this leaves room for the silo's own leave.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (memory.Describe().Loaded == 0)
        {
            return;
        }

        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var began = time.GetTimestamp();
        try
        {
            if (await IsKnownToLeaveAsync(either.Token))
            {
                copies.MoveAway();
                await copies.Moved.WaitAsync(either.Token);

                // What stays loaded is moved by its deployments, which have heard that this worker leaves.
                while (memory.List().Any(model => !model.OnDemand))
                {
                    await Task.Delay(Glance, time, either.Token);
                }

                LogMoved(time.GetElapsedTime(began).TotalSeconds, memory.Describe().Loaded);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or OrleansException or OrleansDLException or TimeoutException or ArgumentException)
        {
            LogNotMoved(string.Join(", ", memory.List().Select(model => model.DeploymentName)), error.Message);
        }
    }

    /// <summary>Waits until nothing more is sent here; false when there is no other worker to send it to.</summary>
    private async Task<bool> IsKnownToLeaveAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var workers = await grains.GetGrain<ISchedulerGrain>(Pool).ListWorkersAsync().WaitAsync(cancellationToken);
            if (!workers.Any(worker => worker is { Alive: true, Draining: false } && worker.Name != node.WorkerNameOrDefault))
            {
                return false;
            }

            leave.Begin();
            if (workers.All(worker => worker.Name != node.WorkerNameOrDefault || worker.Draining))
            {
                return true;
            }

            await Task.Delay(Glance, time, cancellationToken);
        }
    }

    [LoggerMessage(LogLevel.Information, "Models were moved to other workers in {Seconds:0.0} s; {Left} stay here until the end")]
    private partial void LogMoved(double seconds, int left);

    [LoggerMessage(LogLevel.Warning, "Models of {Deployments} leave with this worker and are loaded elsewhere only now: {Reason}")]
    private partial void LogNotMoved(string deployments, string reason);
}
