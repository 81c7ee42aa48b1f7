using OrleansDL.Training;
using OrleansDL.Training.Scheduling;

namespace OrleansDL.Tests.Training;

/// <summary>What holds for every policy, whatever comes.</summary>
public sealed class SlotPolicyTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static TheoryData<PoolPolicy> Policies => [.. Enum.GetValues<PoolPolicy>()];

    [Theory]
    [MemberData(nameof(Policies))]
    public void No_worker_is_ever_given_more_than_it_has_and_a_gang_starts_whole(PoolPolicy policy)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var pool = new RandomPool(seed, Settings(policy));
            for (var step = 0; step < 150; step++)
            {
                pool.Step();
                Assert.All(pool.Workers, worker =>
                {
                    Assert.InRange(pool.SlotsHeld(worker.Name), 0, worker.Slots);
                    Assert.InRange(pool.MemoryHeld(worker.Name), 0, worker.Memory);
                });
                Assert.All(pool.Decision.Starts, start =>
                    Assert.Equal(pool.Jobs.Single(job => job.Id == start.Job).Members, start.Seats.Sum(seat => seat.Members)));
                Assert.InRange(pool.HeldBy("c"), 0, 5);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Nobody_is_sent_away_before_its_least_time_or_against_its_owners_will(PoolPolicy policy)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var pool = new RandomPool(seed, Settings(policy));
            for (var step = 0; step < 150; step++)
            {
                pool.Step();
                Assert.All(pool.Decision.Stops, stop =>
                {
                    var job = pool.Before.Single(one => one.Id == stop.Job);
                    Assert.True(job is { Preemptible: true, Holds: true, Leaving: false });
                    Assert.True(pool.Now - job.Since >= TimeSpan.FromSeconds(600));
                    Assert.True(pool.Now - job.Since >= 5 * job.RestartCost);
                });
            }
        }
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void The_same_question_has_the_same_answer_and_everyone_who_waits_has_a_place_and_a_reason(PoolPolicy policy)
    {
        for (var seed = 0; seed < 10; seed++)
        {
            var pool = new RandomPool(seed, Settings(policy));
            var again = new RandomPool(seed, Settings(policy));
            for (var step = 0; step < 100; step++)
            {
                pool.Step();
                again.Step();
                Assert.Equal(pool.Decision.Waits, again.Decision.Waits);
                Assert.Equal(pool.Decision.Stops, again.Decision.Stops);
                Assert.Equal(pool.Decision.Starts.Select(start => start.Job), again.Decision.Starts.Select(start => start.Job));
                Assert.Equal(Enumerable.Range(1, pool.Decision.Waits.Count), pool.Decision.Waits.Select(wait => wait.Position));
                Assert.All(pool.Decision.Waits, wait => Assert.NotEmpty(wait.Reason));
                Assert.Equal(pool.Before.Count(job => !job.Holds), pool.Decision.Waits.Count + pool.Decision.Starts.Count);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void A_big_gang_of_low_priority_is_not_starved_by_an_endless_stream_of_small_runs(PoolPolicy policy)
    {
        var settings = new PoolSettings { Policy = policy, PatienceSeconds = 3600 };
        var slotPolicy = new SlotPolicy(settings);
        var workers = Enumerable.Range(0, 4).Select(n => new PolicyWorker { Name = "w" + n, Slots = 2 }).ToList();
        var gang = Job(0, "b", members: 8, now: Start) with { Priority = policy is PoolPolicy.Fifo ? 0 : -5 };
        var jobs = new List<PolicyJob> { gang };
        var next = 1;
        DateTimeOffset? started = null;
        for (var minute = 0; minute < 120 && started is null; minute++)
        {
            var now = Start.AddMinutes(minute);
            jobs.RemoveAll(job => job.Holds && now - job.Since >= TimeSpan.FromMinutes(20));
            jobs.RemoveAll(job => job.Leaving);
            for (var arrived = 0; arrived < 2; arrived++)
            {
                jobs.Add(Job(next++, "a", members: 1, now));
            }

            var decision = slotPolicy.Decide("p", workers, jobs, now);
            started = decision.Starts.Any(start => start.Job == gang.Id) ? now : null;
            Apply(jobs, decision, now);
        }

        Assert.NotNull(started);
        Assert.InRange((started.Value - Start).TotalMinutes, 0, 75);
    }

    [Fact]
    public void A_short_run_with_a_time_limit_goes_into_the_gap_before_a_waiting_gang_and_a_long_one_does_not()
    {
        var policy = new SlotPolicy(new PoolSettings { Policy = PoolPolicy.Fifo });
        var workers = new[] { new PolicyWorker { Name = "a", Slots = 2 } };
        var running = Job(1, "a", 1, Start) with { Seats = [new PolicySeat("a", 1)], Limit = TimeSpan.FromHours(1) };
        var gang = Job(2, "a", 2, Start) with { Limit = TimeSpan.FromHours(1) };
        var longer = Job(3, "a", 1, Start) with { Limit = TimeSpan.FromHours(2) };
        var shorter = Job(4, "a", 1, Start) with { Limit = TimeSpan.FromMinutes(30) };
        var decision = policy.Decide("p", workers, [running, gang, longer, shorter], Start);
        Assert.Equal(shorter.Id, Assert.Single(decision.Starts).Job);
        Assert.Equal(Start.AddHours(1), decision.Waits[0].EstimatedStart);
        Assert.Contains("kept for the run at place 1", policy.Decide("p", workers, [running, gang, longer], Start).Waits[1].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_quota_that_lies_idle_is_lent_and_is_given_back_when_its_owner_wants_it()
    {
        var settings = new PoolSettings
        {
            Policy = PoolPolicy.LeastAttained,
            Quotas = new Dictionary<string, PoolQuota> { ["a"] = new() { Slots = 2 }, ["b"] = new() { Slots = 2 } },
        };
        var policy = new SlotPolicy(settings);
        var workers = new[] { new PolicyWorker { Name = "w", Slots = 4 } };
        var jobs = Enumerable.Range(1, 4).Select(n => Job(n, "a", 1, Start)).ToList();
        Apply(jobs, policy.Decide("p", workers, jobs, Start), Start);
        Assert.Equal(4, jobs.Count(job => job.Holds));

        // Within what it owns a project waits for nobody but the least time of those that borrow.
        var later = Start.AddMinutes(20);
        jobs.AddRange(Enumerable.Range(5, 3).Select(n => Job(n, "b", 1, later)));
        var decision = policy.Decide("p", workers, jobs, later);
        Assert.Equal(2, decision.Stops.Count);
        Apply(jobs, decision, later);
        jobs.RemoveAll(job => job.Leaving);
        Apply(jobs, policy.Decide("p", workers, jobs, later), later);
        Assert.Equal(2, jobs.Count(job => job.Holds && job.Project == "b"));
        Assert.Equal(2, jobs.Count(job => job.Holds && job.Project == "a"));
    }

    [Fact]
    public void Slots_are_shared_between_projects_by_their_weights()
    {
        var policy = new SlotPolicy(new PoolSettings { Policy = PoolPolicy.FairShare, Weights = new Dictionary<string, double> { ["a"] = 3 } });
        var workers = new[] { new PolicyWorker { Name = "w", Slots = 8 } };
        var jobs = Enumerable.Range(0, 40).Select(n => Job(n, n % 2 == 0 ? "a" : "b", 1, Start)).ToList();
        Apply(jobs, policy.Decide("p", workers, jobs, Start), Start);
        Assert.Equal(6, jobs.Count(job => job.Holds && job.Project == "a"));
        Assert.Equal(2, jobs.Count(job => job.Holds && job.Project == "b"));
    }

    [Fact]
    public void A_run_that_no_worker_suits_is_told_what_is_missing_and_holds_up_nobody()
    {
        var policy = new SlotPolicy(new PoolSettings { Policy = PoolPolicy.Fifo });
        var workers = new[] { new PolicyWorker { Name = "w", Slots = 2, Memory = 1L << 30 } };
        PolicyJob[] jobs =
        [
            Job(1, "a", 1, Start) with { DeviceKind = "cuda" }, Job(2, "a", 1, Start) with { Memory = 2L << 30 }, Job(3, "a", 3, Start), Job(4, "a", 1, Start),
        ];
        var decision = policy.Decide("p", workers, jobs, Start);
        Assert.Equal(jobs[3].Id, Assert.Single(decision.Starts).Job);
        Assert.Contains("device 'cuda'", decision.Waits[0].Reason, StringComparison.Ordinal);
        Assert.Contains("2048 MiB", decision.Waits[1].Reason, StringComparison.Ordinal);
        Assert.Contains("even if all were free", decision.Waits[2].Reason, StringComparison.Ordinal);
    }

    internal static PolicyJob Job(int number, string project, int members, DateTimeOffset now) => new()
    {
        Id = new Guid(number, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]),
        Project = project,
        Members = members,
        QueuedAt = now,
        Since = now,
        RestartCost = TimeSpan.FromSeconds(30),
    };

    internal static void Apply(List<PolicyJob> jobs, PolicyDecision decision, DateTimeOffset now)
    {
        foreach (var start in decision.Starts)
        {
            var place = jobs.FindIndex(job => job.Id == start.Job);
            jobs[place] = jobs[place] with { Seats = start.Seats, Since = now, Overdue = start.Overdue };
        }

        foreach (var stop in decision.Stops)
        {
            var place = jobs.FindIndex(job => job.Id == stop.Job);
            jobs[place] = jobs[place] with { Leaving = true };
        }
    }

    private static PoolSettings Settings(PoolPolicy policy) => new()
    {
        Policy = policy,
        Weights = new Dictionary<string, double> { ["a"] = 2 },
        Quotas = new Dictionary<string, PoolQuota> { ["b"] = new() { Slots = 4 }, ["c"] = new() { Slots = 2, Limit = 5 } },
    };
}
