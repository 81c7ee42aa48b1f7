namespace OrleansDL.Training;

/// <summary>What a pool's scheduler remembers.</summary>
[GenerateSerializer, Alias("scheduler-state")]
internal sealed class SchedulerState
{
    /// <summary>In the order in which runs are served.</summary>
    [Id(0)] public List<QueuedRun> Queue { get; set; } = [];
    [Id(1)] public List<Lease> Leases { get; set; } = [];
    [Id(2)] public List<LostLease> Lost { get; set; } = [];
    [Id(3)] public List<KnownWorker> Workers { get; set; } = [];
}
