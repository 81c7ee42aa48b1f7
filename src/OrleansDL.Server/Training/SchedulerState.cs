namespace OrleansDL.Training;

/// <summary>What a pool's scheduler remembers.</summary>
[GenerateSerializer, Alias("scheduler-state")]
internal sealed class SchedulerState
{
    /// <summary>Read from states written before <see cref="Runs"/>; empty ever after.</summary>
    [Id(0)] public List<QueuedRun> Queue { get; set; } = [];

    /// <inheritdoc cref="Queue"/>
    [Id(1)] public List<Lease> Leases { get; set; } = [];
    [Id(2)] public List<LostLease> Lost { get; set; } = [];
    [Id(3)] public List<KnownWorker> Workers { get; set; } = [];

    /// <summary>All that wait or hold slots, in the order in which they were first queued.</summary>
    [Id(4)] public List<ScheduledRun> Runs { get; set; } = [];

    /// <summary>How the slots are shared; null: as by default.</summary>
    [Id(5)] public PoolSettings? Settings { get; set; }

    /// <summary>Names of workers that an operator took out of use.</summary>
    [Id(6)] public List<string> Drained { get; set; } = [];

    /// <summary>Wishes of users about the order, oldest first.</summary>
    [Id(7)] public List<QueueMove> Moves { get; set; } = [];

    /// <summary>Brings what an older version wrote into today's form.</summary>
    public void Upgrade(DateTimeOffset now)
    {
        Runs.AddRange(Queue.Select(queued => new ScheduledRun
        {
            Run = queued.Run,
            Attempt = queued.Attempt,
            Slots = queued.Slots,
            QueuedAt = queued.QueuedAt,
            Since = now,
        }));
        Runs.AddRange(Leases.Select(lease => new ScheduledRun
        {
            Run = lease.Run,
            Attempt = lease.Attempt,
            Slots = lease.Slots,
            Since = now,
            Seats = [new Seat { Worker = lease.Worker, Incarnation = lease.Incarnation }],
        }));
        Queue.Clear();
        Leases.Clear();
    }
}
