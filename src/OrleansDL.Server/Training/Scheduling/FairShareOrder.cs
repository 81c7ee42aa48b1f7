namespace OrleansDL.Training.Scheduling;

/// <summary>Weighted max-min fairness between projects: always the project that holds the least for its weight.</summary>
internal sealed class FairShareOrder(IReadOnlyDictionary<string, double> weights) : JobOrder
{
    public override IEnumerable<PolicyJob> Sort(IEnumerable<PolicyJob> waiting, IReadOnlyDictionary<string, int> held, DateTimeOffset now)
    {
        var queues = waiting.GroupBy(job => job.Project).Select(jobs => (
            Project: jobs.Key,
            Jobs: new Queue<PolicyJob>(base.Sort(jobs, held, now)))).ToList();
        var shares = queues.ToDictionary(queue => queue.Project, queue => (double)held.GetValueOrDefault(queue.Project));
        while (queues.Count > 0)
        {
            // What it would hold with its next run, for its weight.
            var next = queues.MinBy(queue => (shares[queue.Project] + queue.Jobs.Peek().TotalSlots) / Weight(queue.Project));
            var job = next.Jobs.Dequeue();
            shares[next.Project] += job.TotalSlots;
            if (next.Jobs.Count == 0)
            {
                queues.Remove(next);
            }

            yield return job;
        }
    }

    /// <summary>Only from a project that still holds no less than this one would: two never take slots from each other in turn.</summary>
    public override bool Outranks(PolicyJob waiting, PolicyJob holder, IReadOnlyDictionary<string, int> held, DateTimeOffset now) =>
        waiting.Project == holder.Project
            ? waiting.Priority > holder.Priority
            : (held.GetValueOrDefault(waiting.Project) + waiting.TotalSlots) / Weight(waiting.Project)
                <= (held.GetValueOrDefault(holder.Project) - holder.TotalSlots) / Weight(holder.Project);

    public override double Key(PolicyJob job, DateTimeOffset now) => job.QueuedAt.UtcTicks;

    private double Weight(string project) => weights.GetValueOrDefault(project, 1);
}
