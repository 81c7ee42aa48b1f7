using Microsoft.Extensions.Logging;
using OrleansDL.Nodes;
using OrleansDL.Training.Sandbox;

namespace OrleansDL.Training;

/// <summary>Speaks for the worker: reports to its pool's scheduler while the silo lives, and takes leave before it goes.</summary>
internal sealed partial class WorkerAgent(
    NodeOptions node, NodeLeave leave, Trainer trainer, RunnerPool runners, Isolation isolation, IGrainFactory grains, TimeProvider time, ILogger<WorkerAgent> logger) : ILifecycleParticipant<ISiloLifecycle>
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(2);

    /// <summary>With the host's time to shut down this leaves room for the silo's own leave.</summary>
    private static readonly TimeSpan Drain = TimeSpan.FromSeconds(6);

    private readonly TaskCompletionSource _stopping = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private Task _reporting = Task.CompletedTask;
    private Task _drained = Task.CompletedTask;

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(WorkerAgent), ServiceLifecycleStage.Active, StartAsync, StopAsync);

    private Task StartAsync(CancellationToken cancellationToken)
    {
        trainer.CleanUp();
        runners.Prewarm();
        _reporting = Task.Run(ReportAsync, CancellationToken.None);
        _drained = Task.Run(DrainAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    private async Task StopAsync(CancellationToken cancellationToken)
    {
        leave.Begin();
        await _drained;
        _stopping.TrySetResult();
        await _reporting;
    }

    /// <summary>The worker's models may leave before its silo does: the runs then leave beside them.</summary>
    private async Task DrainAsync()
    {
        await leave.Begun;
        await trainer.DrainAsync(Drain);
    }

    private async Task ReportAsync()
    {
        var failing = false;
        while (!_stopping.Task.IsCompleted)
        {
            var changed = trainer.Changed;
            try
            {
                await SendAsync();
                failing = false;
            }
            catch (Exception e)
            {
                // Told once: the scheduler itself tells when it misses us.
                if (!failing)
                {
                    LogNotReported(node.Pool, e);
                }

                failing = true;
            }

            await Task.WhenAny(changed, _stopping.Task, Task.Delay(Every, time));
        }
    }

    private async Task SendAsync()
    {
        var runners = trainer.List();
        await grains.GetGrain<ISchedulerGrain>(node.Pool).ReportAsync(new WorkerReport
        {
            Worker = node.WorkerNameOrDefault,
            Incarnation = trainer.Incarnation,
            Pool = node.Pool,
            Device = node.Device,
            Slots = node.SlotsOrDefault,
            Runs = [.. runners.Select(runner => runner.Run).Distinct()],
            Runners = runners,
            Draining = trainer.IsDraining,
            StartedAt = _startedAt,
            Memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            Isolation = await isolation.ReportAsync(),
        }).WaitAsync(CallLimit, time);
    }

    [LoggerMessage(LogLevel.Warning, "The scheduler of pool {Pool} could not be told of this worker; it is told every second. Is a server running?")]
    private partial void LogNotReported(string pool, Exception exception);
}
