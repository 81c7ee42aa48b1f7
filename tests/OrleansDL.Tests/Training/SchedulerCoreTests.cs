using OrleansDL.Training;

namespace OrleansDL.Tests.Training;

public sealed class SchedulerCoreTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly SchedulerState _state = new();
    private readonly SchedulerCore _scheduler;

    public SchedulerCoreTests() => _scheduler = new SchedulerCore(_state, "default", Start);

    [Fact]
    public void A_run_gets_slots_at_once_when_a_worker_is_free()
    {
        Join("a", slots: 1);
        var grant = Request(Run(1));
        Assert.Equal("a", grant.Worker);
        Assert.Equal("a#1", grant.Incarnation);
        Assert.Empty(_scheduler.TakeChanges().Wake);
    }

    [Fact]
    public void Runs_are_served_in_the_order_they_came_and_told_their_place()
    {
        Join("a", slots: 1);
        Request(Run(1));
        Assert.Equal(1, Request(Run(2)).Position);
        Assert.Equal(2, Request(Run(3)).Position);
        _scheduler.TakeChanges();

        _scheduler.Release(Run(1), 1, Start);

        Assert.Equal([Run(2)], _scheduler.TakeChanges().Wake);
        Assert.Equal("a", Request(Run(2)).Worker);
        Assert.Equal(1, Request(Run(3)).Position);
    }

    [Fact]
    public void Asking_again_changes_nothing()
    {
        Join("a", slots: 1);
        Request(Run(1));
        Request(Run(2));
        _scheduler.TakeChanges();
        Assert.Equal("a", Request(Run(1)).Worker);
        Assert.Equal(1, Request(Run(2)).Position);
        Assert.False(_scheduler.TakeChanges().Written);
    }

    [Fact]
    public void A_member_gets_all_its_slots_on_one_worker_or_none()
    {
        Join("a", slots: 2);
        Join("b", slots: 2);
        Request(Run(1));
        Request(Run(2), slots: 2);
        Assert.Equal("b", Request(Run(2), slots: 2).Worker);

        var waiting = Request(Run(3), slots: 2);

        Assert.Null(waiting.Worker);
        Assert.Contains("1 of 4 slots", waiting.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void First_come_first_served_lets_nobody_overtake_a_waiting_gang()
    {
        _scheduler.Set(new PoolSettings { Policy = PoolPolicy.Fifo }, Start);
        Join("a", slots: 2);
        Request(Run(1));
        Assert.Null(Request(Run(2), slots: 2).Worker);
        var small = Request(Run(3));
        Assert.Null(small.Worker);
        Assert.StartsWith("Slots are free, but are kept for the run at place 1", small.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_too_big_for_every_worker_does_not_hold_up_the_others()
    {
        Join("a", slots: 1);
        Assert.Contains("the largest worker", Request(Run(1), slots: 2).Reason, StringComparison.Ordinal);
        Assert.Equal("a", Request(Run(2)).Worker);
    }

    [Fact]
    public void Without_a_worker_the_reason_says_what_to_start()
    {
        Assert.Contains("odl worker", Request(Run(1)).Reason, StringComparison.Ordinal);
        Join("a", slots: 1);
        Assert.Contains(Run(1), _scheduler.TakeChanges().Wake);
        Assert.Equal("a", Request(Run(1)).Worker);
    }

    [Fact]
    public void A_worker_whose_process_is_known_to_have_ended_is_lost_without_waiting_for_its_silence()
    {
        Join("a", slots: 1);
        Join("b", slots: 1);
        var ended = _scheduler.ListWorkers(Start).Single(worker => worker.Name == "a").Incarnation;

        _scheduler.Check(Start, new HashSet<string> { "another", ended + "-before" });
        Assert.All(_scheduler.ListWorkers(Start), worker => Assert.True(worker.Alive));
        _scheduler.Check(Start, new HashSet<string> { ended });

        Assert.Equal(_scheduler.ListWorkers(Start).Where(worker => worker.Incarnation == ended).Select(worker => worker.Name), _scheduler.ListWorkers(Start).Where(worker => !worker.Alive).Select(worker => worker.Name));
    }

    [Fact]
    public void The_leases_of_a_silent_worker_are_lost_and_its_runs_are_told()
    {
        Join("a", slots: 1);
        Request(Run(1));
        _scheduler.TakeChanges();

        _scheduler.Check(Start + SchedulerCore.Silence);
        Assert.False(_scheduler.TakeChanges().Written);
        _scheduler.Check(Start + SchedulerCore.Silence + TimeSpan.FromSeconds(1));

        var changes = _scheduler.TakeChanges();
        Assert.Equal([Run(1)], changes.Wake);
        Assert.True(changes.Workers);
        Assert.True(Request(Run(1)).Lost);
        Assert.False(Assert.Single(_scheduler.ListWorkers(Start)).Alive);
        Assert.Null(Request(Run(1), attempt: 2).Worker);
    }

    [Fact]
    public void A_worker_that_restarted_holds_none_of_its_old_leases()
    {
        Join("a", slots: 1);
        Request(Run(1));
        Join("a", slots: 1, incarnation: "a#2");
        Assert.Equal([Run(1)], _scheduler.TakeChanges().Wake);
        Assert.True(Request(Run(1)).Lost);
        Assert.Equal("a#2", Request(Run(1), attempt: 2).Incarnation);
    }

    [Fact]
    public void A_lost_run_comes_back_to_the_place_of_its_first_queueing()
    {
        Join("a", slots: 1);
        Request(Run(1), queuedAt: Start);
        Request(Run(2), queuedAt: Start.AddSeconds(1));
        Join("a", slots: 0, incarnation: "a#2");
        Assert.True(Request(Run(1)).Lost);
        Assert.Equal(1, Request(Run(1), attempt: 2, queuedAt: Start).Position);
        Assert.Equal(2, Request(Run(2)).Position);
    }

    [Fact]
    public void An_older_attempt_that_asks_is_refused()
    {
        Join("a", slots: 1);
        Request(Run(1), attempt: 2);
        Assert.Throws<StaleAttemptException>(() => Request(Run(1), attempt: 1));
        _scheduler.Release(Run(1), 1, Start);
        Assert.Equal("a", Request(Run(1), attempt: 2).Worker);
    }

    [Fact]
    public void A_draining_worker_takes_nothing_new_and_keeps_what_it_has()
    {
        Join("a", slots: 2);
        Request(Run(1));
        Join("a", slots: 2, draining: true);
        Assert.Equal("a", Request(Run(1)).Worker);
        Assert.Null(Request(Run(2)).Worker);
    }

    [Fact]
    public void A_restarted_scheduler_gives_remembered_workers_their_full_time()
    {
        Join("a", slots: 1);
        Request(Run(1));
        var later = Start.AddHours(1);
        var restarted = new SchedulerCore(_state, "default", later);
        restarted.Check(later + SchedulerCore.Silence);
        Assert.Empty(restarted.TakeChanges().Wake);
        restarted.Check(later + SchedulerCore.Silence + TimeSpan.FromSeconds(1));
        Assert.Equal([Run(1)], restarted.TakeChanges().Wake);
    }

    [Fact]
    public void Long_lost_workers_are_forgotten()
    {
        Join("a", slots: 1);
        _scheduler.Check(Start.AddMinutes(1));
        _scheduler.Check(Start.AddHours(2));
        Assert.Empty(_scheduler.ListWorkers(Start));
    }

    [Fact]
    public void A_gang_is_granted_whole_over_several_workers_and_told_each_members_place()
    {
        Join("a", slots: 2);
        Join("b", slots: 2);
        var gang = new SlotRequest { Run = Run(1), Attempt = 1, Slots = 1, Members = 3, QueuedAt = Start };
        var grant = _scheduler.Request(gang, Start);
        Assert.Equal([(0, "a"), (1, "a"), (2, "b")], grant.Members.Select(m => (m.Rank, m.Worker)));
        Assert.Equal("b#1", grant.Members[2].Incarnation);
        Assert.Null(_scheduler.Request(gang with { Run = Run(2), Members = 2 }, Start).Worker);
        Assert.Equal("b", Request(Run(3)).Worker);
    }

    [Fact]
    public void A_gang_that_loses_one_worker_is_lost_whole()
    {
        Join("a", slots: 1);
        Join("b", slots: 1);
        var gang = new SlotRequest { Run = Run(1), Attempt = 1, Slots = 1, Members = 2, QueuedAt = Start };
        Assert.Equal(2, _scheduler.Request(gang, Start).Members.Count);
        _scheduler.TakeChanges();
        Join("b", slots: 1, incarnation: "b#2");
        Assert.Equal([Run(1)], _scheduler.TakeChanges().Wake);
        Assert.True(_scheduler.Request(gang, Start).Lost);
        Assert.Equal(["a#1", "b#2"], _scheduler.Request(gang with { Attempt = 2 }, Start).Members.Select(m => m.Incarnation));
    }

    [Fact]
    public void The_runs_of_a_drained_worker_are_told_to_leave_and_start_elsewhere()
    {
        Join("a", slots: 1);
        Request(Run(1));
        _scheduler.TakeChanges();
        _scheduler.Drain("a", drain: true, Start);
        Assert.Equal([Run(1)], _scheduler.TakeChanges().Wake);
        Assert.Contains("'a' is drained", Request(Run(1)).Leave, StringComparison.Ordinal);
        Assert.True(Assert.Single(_scheduler.ListWorkers(Start)).Draining);
        Join("b", slots: 1);
        Assert.Equal("b", Request(Run(1), attempt: 2).Worker);
        _scheduler.Drain("a", drain: false, Start);
        Assert.Equal("a", Request(Run(2)).Worker);
        Assert.Throws<NotFoundException>(() => _scheduler.Drain("c", drain: true, Start));
    }

    [Fact]
    public void A_run_of_higher_priority_has_another_leave_after_its_least_time_and_gets_the_slots_once_they_are_given_back()
    {
        Join("a", slots: 1);
        Request(Run(1));
        var urgent = new SlotRequest { Run = Run(2), Attempt = 1, Slots = 1, QueuedAt = Start, Priority = 1 };
        Assert.Null(_scheduler.Request(urgent, Start.AddMinutes(1)).Worker);
        Assert.Null(Request(Run(1)).Leave);
        Join("a", slots: 1);
        var later = Start.AddMinutes(11);
        Join("a", slots: 1, at: later);
        _scheduler.Check(later);
        Assert.Contains(Run(2).ToString(), Request(Run(1)).Leave, StringComparison.Ordinal);
        Assert.Contains("being freed", _scheduler.Request(urgent, later).Reason, StringComparison.Ordinal);

        var back = _scheduler.Request(new SlotRequest { Run = Run(1), Attempt = 2, Slots = 1, QueuedAt = Start, ServedSeconds = 660 }, later);

        Assert.Null(back.Worker);
        Assert.Equal("a", _scheduler.Request(urgent, later).Worker);
    }

    [Fact]
    public void A_gang_takes_fewer_members_only_where_the_pool_could_not_hold_all()
    {
        Join("a", slots: 1);
        Join("b", slots: 1);
        Request(Run(1));
        var gang = new SlotRequest { Run = Run(2), Attempt = 1, Slots = 1, QueuedAt = Start, Members = 2, LeastMembers = 1 };
        Assert.Null(_scheduler.Request(gang, Start).Worker);
        _scheduler.Release(Run(1), 1, Start);
        Assert.Equal(["a", "b"], _scheduler.Request(gang, Start).Members.Select(member => member.Worker));

        var later = Start.AddSeconds(7);
        Join("a", slots: 1, at: later);
        _scheduler.Check(later);
        Assert.True(_scheduler.Request(gang, later).Lost);
        var again = _scheduler.Request(gang with { Attempt = 2 }, later);
        Assert.Equal("a", Assert.Single(again.Members).Worker);
        Assert.Equal(0, _scheduler.Describe().FreeSlots);
        Assert.Contains("It needs 2 members of 1 slot", Request(gang with { Run = Run(3), LeastMembers = 2 }).Reason, StringComparison.Ordinal);

        _scheduler.Release(Run(2), 2, later);
        Assert.Equal(1, _scheduler.Describe().FreeSlots);
    }

    [Fact]
    public void A_waiting_run_can_be_moved_before_another_and_only_one_that_waits()
    {
        Join("a", slots: 1);
        Request(Run(1));
        Request(Run(2));
        Request(Run(3));
        _scheduler.Move(Run(3), Run(2), ahead: true, Start);
        Assert.Equal(1, Request(Run(3)).Position);
        Assert.Equal(2, Request(Run(2)).Position);
        Assert.Throws<ConflictException>(() => _scheduler.Move(Run(3), Run(1), ahead: true, Start));
        Assert.Equal([Run(3), Run(2)], _scheduler.Describe().Queue.Select(wait => wait.Run));
    }

    [Fact]
    public void What_older_versions_wrote_is_read()
    {
        var old = System.Text.Json.JsonSerializer.Deserialize<SchedulerState>(
            File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "training", "scheduler-state-1.json")), OdlJson.Options)!;
        var scheduler = new SchedulerCore(old, "default", Start);
        Assert.Equal(1, scheduler.Describe().Running);
        Assert.Empty(old.Queue);
        Assert.Empty(old.Leases);
        Assert.Equal([1, 2], old.Runs.Select(run => run.Slots));
        Assert.Equal("w1", Assert.Single(old.Runs[1].Seats).Worker);
    }

    private static Guid Run(int number) => new(number, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]);

    private SlotGrant Request(Guid run, int slots = 1, int attempt = 1, DateTimeOffset? queuedAt = null) =>
        _scheduler.Request(new SlotRequest { Run = run, Attempt = attempt, Slots = slots, QueuedAt = queuedAt ?? Start }, Start);

    private SlotGrant Request(SlotRequest request) => _scheduler.Request(request, Start);

    private void Join(string worker, int slots, string? incarnation = null, bool draining = false, DateTimeOffset? at = null) => _scheduler.Report(
        new WorkerReport
        {
            Worker = worker,
            Incarnation = incarnation ?? worker + "#1",
            Pool = "default",
            Device = "cpu",
            Slots = slots,
            Draining = draining,
            StartedAt = Start,
        },
        at ?? Start);
}
