using System.Globalization;

namespace OrleansDL.Training.Scheduling;

/// <summary>What is free, held and promised while one decision is made.</summary>
internal sealed class Board
{
    private readonly PoolSettings _settings;
    private readonly string _pool;
    private readonly IReadOnlyList<PolicyWorker> _workers;
    private readonly SlotMap _free;

    /// <summary>What is free and what those that leave will give back, less what was promised of it.</summary>
    private readonly SlotMap _soon;
    private readonly Dictionary<string, int> _held = [];
    private readonly HashSet<Guid> _claimed = [];
    private readonly HashSet<Guid> _refused = [];
    private readonly List<PolicyStart> _starts = [];
    private readonly List<PolicyStop> _stops = [];
    private readonly List<PolicyWait> _waits = [];
    private int _leaving;

    public Board(PoolSettings settings, string pool, IReadOnlyList<PolicyWorker> workers, IReadOnlyList<PolicyJob> jobs, DateTimeOffset now)
    {
        _settings = settings;
        _pool = pool;
        _workers = workers;
        Now = now;
        _free = new SlotMap(workers);
        Waiting = [.. jobs.Where(job => !job.Holds)];
        Holders = [.. jobs.Where(job => job.Holds && !job.Leaving)];
        foreach (var job in jobs.Where(job => job.Holds))
        {
            _free.Take(job, job.Seats);
        }

        _soon = _free.Copy();
        foreach (var job in jobs.Where(job => job.Holds && job.Leaving))
        {
            _soon.Give(job, job.Seats);
            _leaving++;
        }

        foreach (var job in Holders)
        {
            Hold(job, 1);
        }
    }

    public DateTimeOffset Now { get; }

    public IReadOnlyList<PolicyJob> Waiting { get; }

    /// <summary>Those that hold slots and stay.</summary>
    public List<PolicyJob> Holders { get; }

    /// <summary>Slots by project.</summary>
    public IReadOnlyDictionary<string, int> Held => _held;

    public Reservation? Reserved { get; private set; }

    public bool HasQuotas => _settings.Quotas.Count > 0;

    /// <summary>Those that did not start, in order of rank.</summary>
    public IReadOnlyList<PolicyWait> Waits => _waits;

    public SlotMap Soon() => _soon.Copy();

    public Dictionary<string, int> HeldWithout(IReadOnlyList<PolicyJob> gone)
    {
        var held = new Dictionary<string, int>(_held);
        foreach (var job in gone)
        {
            held[job.Project] -= job.TotalSlots;
        }

        return held;
    }

    /// <summary>Whether a run that waits would stay within what its project owns.</summary>
    public bool IsOwn(PolicyJob job) =>
        _settings.Quotas.TryGetValue(job.Project, out var quota) && _held.GetValueOrDefault(job.Project) + job.TotalSlots <= quota.Slots;

    /// <summary>Whether a project holds more than it owns, so that it can be asked for this run's slots back.</summary>
    public bool IsBorrowing(PolicyJob holder, IReadOnlyDictionary<string, int> held) =>
        HasQuotas && held.GetValueOrDefault(holder.Project) > (_settings.Quotas.TryGetValue(holder.Project, out var quota) ? quota.Slots : 0);

    /// <summary>Why a run cannot be served however long the queue is; null when it can.</summary>
    public string? Refusal(PolicyJob job)
    {
        if (_workers.Count == 0)
        {
            return $"No worker of pool '{_pool}' takes work: none is alive, or all are drained. Start one with 'odl worker', or on a single machine with 'odl up'.";
        }

        var kin = _workers.Where(worker => job.DeviceKind is null || worker.DeviceKind == job.DeviceKind).ToList();
        if (kin.Count == 0)
        {
            return $"It needs a worker with device '{job.DeviceKind}', and no worker of pool '{_pool}' has one.";
        }

        var largest = kin.Max(worker => worker.Slots);
        if (largest < job.Slots)
        {
            return $"It needs {Count(job.Slots, "slot")} on one worker, and the largest worker of pool '{_pool}' has {largest}.";
        }

        var whole = new SlotMap(_workers);
        if (whole.Place(job) is null)
        {
            return kin.All(worker => worker.Memory != 0 && worker.Memory < job.Memory)
                ? $"It needs {job.Memory >> 20} MiB on one worker, and the largest worker of pool '{_pool}' has {kin.Max(worker => worker.Memory) >> 20}."
                : $"It needs {Count(job.Members, "member")} of {Count(job.Slots, "slot")}, and pool '{_pool}' has {Count(kin.Sum(worker => worker.Slots), "slot")} that suit it, even if all were free.";
        }

        return _settings.Quotas.TryGetValue(job.Project, out var quota) && quota.Limit is { } limit
            && _held.GetValueOrDefault(job.Project) + job.TotalSlots > limit
            ? $"Project '{job.Project}' holds {_held.GetValueOrDefault(job.Project)} of the {Count(limit, "slot")} that it may hold of pool '{_pool}'."
            : null;
    }

    /// <summary>What a run may use of what is free now.</summary>
    public SlotMap Room(PolicyJob job)
    {
        // What was promised to those before it is not free, though nobody holds it yet.
        var free = _free.Least(_soon);
        return Reserved?.Room(free, job, Now) ?? free;
    }

    /// <summary>Seats in what is free or on its way.</summary>
    public IReadOnlyList<PolicySeat>? Place(PolicyJob job) =>
        _leaving + _stops.Count == 0 ? null : (Reserved?.Room(_soon, job, Now) ?? _soon).Place(job);

    public string WhyFull(PolicyJob job)
    {
        if (Reserved is { } reserved)
        {
            return _free.Place(job) is null
                ? Before()
                : $"Slots are free, but are kept for the run at place {PlaceOf(reserved.Job)}. "
                    + "A run whose timeLimitSeconds ends before that one can start is let before it.";
        }

        return _waits.Count > 0
            ? Before()
            : $"It waits for {Count(job.TotalSlots, "slot")}: {_free.Total} of {Count(_workers.Sum(w => w.Slots), "slot")} in pool '{_pool}' are free.";
    }

    public void Start(PolicyJob job, IReadOnlyList<PolicySeat> seats, bool overdue)
    {
        Reserved?.Take(job, seats, Now);
        _free.Take(job, seats);
        _soon.Take(job, seats);
        Hold(job, 1);
        _starts.Add(new PolicyStart(job.Id, seats, overdue));
        Holders.Add(job with { Seats = seats, Since = Now, Overdue = overdue });
    }

    public void Claim(PolicyJob job, IReadOnlyList<PolicySeat> seats)
    {
        Reserved?.Take(job, seats, Now);
        _soon.Take(job, seats);
        Hold(job, 1);
        _claimed.Add(job.Id);
        Wait(job, $"Its slots are being freed: {Count(_leaving + _stops.Count, "run")} in pool '{_pool}' {(_leaving + _stops.Count == 1 ? "writes its checkpoint and leaves" : "write their checkpoints and leave")}.");
    }

    public void Stop(List<PolicyJob> victims, PolicyJob job)
    {
        foreach (var victim in victims)
        {
            _stops.Add(new PolicyStop(victim.Id, job.Id));
            _soon.Give(victim, victim.Seats);
            Hold(victim, -1);
            Holders.Remove(victim);
        }

        Claim(job, _soon.Place(job)!);
    }

    public void Refuse(PolicyJob job, string reason)
    {
        _refused.Add(job.Id);
        Wait(job, reason);
    }

    public void Wait(PolicyJob job, string reason) => _waits.Add(new PolicyWait(job.Id, _waits.Count + 1, reason));

    /// <summary>Keeps for a run the slots that will be free first.</summary>
    /// <param name="job">The run.</param>
    /// <param name="yields">When a run that holds slots can be sent away for it; null: not.</param>
    public void Reserve(PolicyJob job, Func<PolicyJob, DateTimeOffset?> yields)
    {
        var room = _soon.Copy();
        foreach (var (holder, end) in Holders.Select(h => (h, End: Earlier(yields(h), Now + h.LeftUntil(Now))))
            .Where(h => h.End is not null).OrderBy(h => h.End))
        {
            room.Give(holder, holder.Seats);
            if (room.Place(job) is { } seats)
            {
                room.Take(job, seats);
                Reserved = new Reservation(job, end, room);
                return;
            }
        }

        Reserved = new Reservation(job, null, room);
    }

    public PolicyDecision ToDecision(IReadOnlyDictionary<Guid, DateTimeOffset> estimates) => new()
    {
        Starts = _starts,
        Stops = _stops,
        Waits = [.. _waits.Select(wait => estimates.TryGetValue(wait.Job, out var at) ? wait with { EstimatedStart = at } : wait)],
    };

    /// <summary>Whether its slots are already promised to it.</summary>
    public bool IsClaimed(Guid job) => _claimed.Contains(job);

    /// <summary>Whether no end of another run would let it start.</summary>
    public bool IsRefused(Guid job) => _refused.Contains(job);

    private static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) => one is null ? other : other is null || one < other ? one : other;

    private static string Count(int count, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");

    private string Before() => $"{Count(_waits.Count, "run")} before it in the queue of pool '{_pool}'.";

    private int PlaceOf(PolicyJob job) => _waits.FindIndex(wait => wait.Job == job.Id) + 1;

    private void Hold(PolicyJob job, int sign) =>
        _held[job.Project] = _held.GetValueOrDefault(job.Project) + (sign * job.TotalSlots);
}
