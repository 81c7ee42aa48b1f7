using OrleansDL.Identity;

namespace OrleansDL.Training;

/// <summary>The queue and leases of one pool of workers. Key: the pool's name.</summary>
/// <remarks>It never calls a run: it leaves the run a wake-up, and the run asks where it stands.</remarks>
[Alias("scheduler")]
public interface ISchedulerGrain : IGrainWithStringKey, IWakeable
{
    /// <summary>Queues a wish for slots, or tells where it stands if it is queued or granted already.</summary>
    [Alias("request")] Task<SlotGrant> RequestAsync(SlotRequest request);

    /// <summary>Gives back the slots or the place in the queue. Repeating does nothing.</summary>
    [Alias("release")] Task ReleaseAsync(Guid run, int attempt);

    /// <summary>From a worker, at start and every two seconds.</summary>
    [Alias("report")] Task ReportAsync(WorkerReport report);
    [Alias("workers"), Requires(Role.Viewer)] Task<IReadOnlyList<WorkerInfo>> ListWorkersAsync();
}
