using OrleansDL.Training;

namespace OrleansDL.Workers;

/// <summary>The one door to grains on workers: a worker that is not there is no capacity, whatever the cluster calls it.</summary>
internal sealed class WorkerDoor(IGrainFactory grains)
{
    /// <exception cref="NoCapacityException">The worker is not in the cluster, or does not answer.</exception>
    public Task StartAsync(string worker, TrainerAssignment assignment) =>
        EnterAsync(worker, async () =>
        {
            await grains.GetGrain<ITrainerGrain>(worker).StartAsync(assignment);
            return true;
        });

    /// <inheritdoc cref="StartAsync"/>
    public Task<bool> StopAsync(string worker, Guid run, int attempt) =>
        EnterAsync(worker, () => grains.GetGrain<ITrainerGrain>(worker).StopAsync(run, attempt));

    /// <inheritdoc cref="StartAsync"/>
    public Task<bool> LeaveAsync(string worker, Guid run, int attempt) =>
        EnterAsync(worker, () => grains.GetGrain<ITrainerGrain>(worker).LeaveAsync(run, attempt));

    private static async Task<T> EnterAsync<T>(string worker, Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (e is ArgumentException or OrleansException or TimeoutException)
        {
            throw new NoCapacityException($"Worker '{worker}' does not answer: {e.Message}");
        }
    }
}
