using System.Globalization;

namespace OrleansDL.Training;

/// <summary>The decisions of one pool's scheduler: who waits, who holds which slots, who is gone. It does nothing but decide.</summary>
internal sealed class SchedulerCore
{
    /// <summary>How long a worker may be silent; it reports every two seconds.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(6);

    /// <summary>How long a lost worker is still shown.</summary>
    public static readonly TimeSpan Remembrance = TimeSpan.FromHours(1);

    private readonly SchedulerState _state;
    private readonly string _pool;
    private readonly Dictionary<string, DateTimeOffset> _heard = [];
    private readonly Dictionary<string, WorkerReport> _reports = [];
    private readonly HashSet<Guid> _wake = [];
    private bool _dirty;
    private bool _workersChanged;

    /// <param name="state">What was remembered; changed in place.</param>
    /// <param name="pool">Name of the pool, for messages.</param>
    /// <param name="now">A remembered worker gets the full time of silence from here on: the scheduler was away, not it.</param>
    public SchedulerCore(SchedulerState state, string pool, DateTimeOffset now)
    {
        _state = state;
        _pool = pool;
        foreach (var worker in state.Workers.Where(w => w.LostAt is null))
        {
            _heard[worker.Name] = now;
        }
    }

    /// <summary>Whether anything can still change without someone asking.</summary>
    public bool IsBusy => _state.Queue.Count > 0 || _state.Leases.Count > 0 || _state.Workers.Exists(w => w.LostAt is null);

    /// <summary>What has to be done since the last time this was asked.</summary>
    public SchedulerChanges TakeChanges()
    {
        var changes = new SchedulerChanges { Written = _dirty, Workers = _workersChanged, Wake = [.. _wake] };
        _dirty = false;
        _workersChanged = false;
        _wake.Clear();
        return changes;
    }

    public SlotGrant Request(SlotRequest request)
    {
        var newest = _state.Leases.Where(l => l.Run == request.Run).Select(l => l.Attempt)
            .Concat(_state.Queue.Where(q => q.Run == request.Run).Select(q => q.Attempt))
            .DefaultIfEmpty(0).Max();
        if (request.Attempt < newest)
        {
            throw new StaleAttemptException(
                $"Attempt {request.Attempt} of training run {request.Run} asks for slots, but attempt {newest} has begun.");
        }

        Forget(request.Run, olderThan: request.Attempt);
        if (_state.Lost.Any(l => l.Run == request.Run && l.Attempt == request.Attempt))
        {
            return new SlotGrant { Lost = true };
        }

        if (!_state.Leases.Any(l => l.Run == request.Run) && !_state.Queue.Any(q => q.Run == request.Run))
        {
            Enqueue(new QueuedRun
            {
                Run = request.Run,
                Attempt = request.Attempt,
                Slots = request.Slots,
                QueuedAt = request.QueuedAt,
            });
            Schedule();
            // The answer tells; a wake-up would tell it twice.
            _wake.Remove(request.Run);
        }

        return Stand(request.Run);
    }

    public void Release(Guid run, int attempt)
    {
        Forget(run, olderThan: attempt + 1);
        Schedule();
    }

    public void Report(WorkerReport report, DateTimeOffset now)
    {
        var known = _state.Workers.Find(w => w.Name == report.Worker);
        if (known is not null && known.Incarnation != report.Incarnation)
        {
            LoseLeases(known.Name);
        }

        _heard[report.Worker] = now;
        _reports[report.Worker] = report;
        var current = new KnownWorker
        {
            Name = report.Worker,
            Incarnation = report.Incarnation,
            Device = report.Device,
            Slots = report.Slots,
            Draining = report.Draining,
        };
        if (known == current)
        {
            return;
        }

        _state.Workers.RemoveAll(w => w.Name == report.Worker);
        _state.Workers.Add(current);
        _state.Workers.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        _dirty = true;
        _workersChanged = true;
        Schedule();
    }

    /// <summary>Finds the workers that fell silent, and forgets those long gone.</summary>
    public void Check(DateTimeOffset now)
    {
        foreach (var worker in _state.Workers.Where(w => w.LostAt is null && now - _heard[w.Name] > Silence).ToList())
        {
            LoseLeases(worker.Name);
            _state.Workers[_state.Workers.IndexOf(worker)] = worker with { LostAt = now };
            _reports.Remove(worker.Name);
            _dirty = true;
            _workersChanged = true;
        }

        if (_state.Workers.RemoveAll(w => w.LostAt is { } lost && now - lost > Remembrance) > 0)
        {
            _dirty = true;
        }

        Schedule();
    }

    public IReadOnlyList<WorkerInfo> ListWorkers(DateTimeOffset now) => _state.Workers.Select(w => new WorkerInfo
    {
        Name = w.Name,
        Incarnation = w.Incarnation,
        Pool = _pool,
        Device = w.Device,
        Slots = w.Slots,
        FreeSlots = w.LostAt is null ? Free(w) : 0,
        Alive = w.LostAt is null,
        Draining = w.Draining,
        LastSeenAt = _heard.TryGetValue(w.Name, out var heard) ? heard : w.LostAt ?? now,
        Runs = _reports.TryGetValue(w.Name, out var report) ? report.Runs : [],
        Runners = _reports.TryGetValue(w.Name, out report) ? report.Runners : [],
        Isolation = _reports.TryGetValue(w.Name, out report) ? report.Isolation : null,
    }).ToList();

    private void Enqueue(QueuedRun run)
    {
        // A run that comes back after a lost attempt kept the time it was first queued at, and so its place.
        var place = _state.Queue.FindIndex(q => q.QueuedAt > run.QueuedAt);
        _state.Queue.Insert(place < 0 ? _state.Queue.Count : place, run);
        _dirty = true;
    }

    private void Forget(Guid run, int olderThan)
    {
        var count = _state.Leases.RemoveAll(l => l.Run == run && l.Attempt < olderThan)
            + _state.Queue.RemoveAll(q => q.Run == run && q.Attempt < olderThan)
            + _state.Lost.RemoveAll(l => l.Run == run && l.Attempt < olderThan);
        _dirty |= count > 0;
    }

    private void LoseLeases(string worker)
    {
        foreach (var lease in _state.Leases.Where(l => l.Worker == worker))
        {
            _state.Lost.Add(new LostLease { Run = lease.Run, Attempt = lease.Attempt, Worker = worker });
            _wake.Add(lease.Run);
        }

        _dirty |= _state.Leases.RemoveAll(l => l.Worker == worker) > 0;
    }

    /// <summary>First come, first served, all slots of a run on one worker or none. Only a run too big for every worker is passed by.</summary>
    private void Schedule()
    {
        foreach (var queued in _state.Queue.ToList())
        {
            if (!Usable().Any(w => w.Slots >= queued.Slots))
            {
                continue;
            }

            // The fullest worker that has room keeps the others free for big runs.
            var worker = Usable().Where(w => Free(w) >= queued.Slots).OrderBy(Free).FirstOrDefault();
            if (worker is null)
            {
                return;
            }

            _state.Queue.Remove(queued);
            _state.Leases.Add(new Lease
            {
                Run = queued.Run,
                Attempt = queued.Attempt,
                Slots = queued.Slots,
                Worker = worker.Name,
                Incarnation = worker.Incarnation,
            });
            _wake.Add(queued.Run);
            _dirty = true;
        }
    }

    private SlotGrant Stand(Guid run)
    {
        if (_state.Leases.Find(l => l.Run == run) is { } lease)
        {
            return new SlotGrant { Worker = lease.Worker, Incarnation = lease.Incarnation };
        }

        var position = _state.Queue.FindIndex(q => q.Run == run);
        return new SlotGrant { Position = position + 1, Reason = WhyWaiting(_state.Queue[position], position) };
    }

    private string WhyWaiting(QueuedRun queued, int before)
    {
        var usable = Usable().ToList();
        if (usable.Count == 0)
        {
            return $"No worker of pool '{_pool}' is alive. Start one with 'odl worker', or on a single machine with 'odl up'.";
        }

        var largest = usable.Max(w => w.Slots);
        if (largest < queued.Slots)
        {
            return $"It needs {Count(queued.Slots, "slot")} on one worker, and the largest worker of pool '{_pool}' has {largest}.";
        }

        return before > 0
            ? $"{Count(before, "run")} before it in the queue of pool '{_pool}'."
            : $"It waits for {Count(queued.Slots, "slot")}: {usable.Sum(Free)} of {Count(usable.Sum(w => w.Slots), "slot")} in pool '{_pool}' are free.";
    }

    private IEnumerable<KnownWorker> Usable() => _state.Workers.Where(w => w.LostAt is null && !w.Draining);

    private int Free(KnownWorker worker) =>
        worker.Slots - _state.Leases.Where(l => l.Worker == worker.Name).Sum(l => l.Slots);

    private static string Count(int count, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");
}
