namespace OrleansDL.Training.Scheduling;

/// <summary>First come, first served; nobody is sent away.</summary>
internal sealed class FifoOrder : JobOrder
{
    public override bool Ages => false;

    public override IEnumerable<PolicyJob> Sort(IEnumerable<PolicyJob> waiting, IReadOnlyDictionary<string, int> held, DateTimeOffset now) => waiting;

    public override bool Outranks(PolicyJob waiting, PolicyJob holder, IReadOnlyDictionary<string, int> held, DateTimeOffset now) => false;

    public override double Key(PolicyJob job, DateTimeOffset now) => job.QueuedAt.UtcTicks;
}
