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

    /// <summary>The pool's settings, slots and queue.</summary>
    [Alias("pool"), Requires(Role.Viewer)] Task<PoolInfo> GetPoolAsync();

    /// <summary>Sets how the pool shares its slots; what holds slots now is asked to leave only as the new settings allow.</summary>
    [Alias("set-pool"), Requires(Role.Admin)] Task<PoolInfo> SetPoolAsync(PoolSettings settings);

    /// <summary>Puts a waiting run directly before or behind another one that waits.</summary>
    [Alias("move")] Task MoveAsync(Guid run, Guid anchor, bool ahead);

    /// <summary>Takes a worker out of use, its runs leaving with a checkpoint for other workers; or back into use.</summary>
    /// <exception cref="NotFoundException">The pool knows no such worker.</exception>
    [Alias("drain"), Requires(Role.Operator)] Task DrainAsync(string worker, bool drain);
    [Alias("workers"), Requires(Role.Viewer)] Task<IReadOnlyList<WorkerInfo>> ListWorkersAsync();
}
