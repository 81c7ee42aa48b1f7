using OrleansDL.Training.Scheduling;

namespace OrleansDL.Training;

/// <summary>One pool's scheduler: what it remembers of runs and workers, put before the policy whenever something changes. It does nothing but decide.</summary>
internal sealed class SchedulerCore
{
    /// <summary>How long a worker may be silent; it reports every second, so that one report lost or late is no death.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(5);

    /// <summary>How long a lost worker is still shown.</summary>
    public static readonly TimeSpan Remembrance = TimeSpan.FromHours(1);

    /// <summary>What a restart is taken to cost until the run itself has told.</summary>
    private const double RestartSeconds = 30;

    /// <summary>Wishes about the order that are kept; beyond them the oldest go.</summary>
    private const int KeptMoves = 1000;

    private readonly SchedulerState _state;
    private readonly string _pool;
    private readonly Dictionary<string, DateTimeOffset> _heard = [];
    private readonly Dictionary<string, WorkerReport> _reports = [];
    private readonly Dictionary<Guid, PolicyWait> _waits = [];
    private readonly HashSet<Guid> _wake = [];
    private SlotPolicy _policy;
    private bool _dirty;
    private bool _workersChanged;

    /// <param name="state">What was remembered; changed in place.</param>
    /// <param name="pool">Name of the pool, for messages.</param>
    /// <param name="now">A remembered worker gets the full time of silence from here on: the scheduler was away, not it.</param>
    public SchedulerCore(SchedulerState state, string pool, DateTimeOffset now)
    {
        _state = state;
        _pool = pool;
        _policy = new SlotPolicy(Settings);
        state.Upgrade(now);
        foreach (var worker in state.Workers.Where(w => w.LostAt is null))
        {
            _heard[worker.Name] = now;
        }
    }

    /// <summary>Whether anything can still change without someone asking.</summary>
    public bool IsBusy => _state.Runs.Count > 0 || _state.Workers.Exists(w => w.LostAt is null);

    private PoolSettings Settings => _state.Settings ?? new PoolSettings();

    /// <summary>What has to be done since the last time this was asked.</summary>
    public SchedulerChanges TakeChanges()
    {
        var changes = new SchedulerChanges { Written = _dirty, Workers = _workersChanged, Wake = [.. _wake] };
        _dirty = false;
        _workersChanged = false;
        _wake.Clear();
        return changes;
    }

    public SlotGrant Request(SlotRequest request, DateTimeOffset now)
    {
        var known = _state.Runs.Find(r => r.Run == request.Run);
        if (known is not null && request.Attempt < known.Attempt)
        {
            throw new StaleAttemptException(
                $"Attempt {request.Attempt} of training run {request.Run} asks for slots, but attempt {known.Attempt} has begun.");
        }

        Forget(request.Run, olderThan: request.Attempt);
        if (_state.Lost.Exists(l => l.Run == request.Run && l.Attempt == request.Attempt))
        {
            return new SlotGrant { Lost = true };
        }

        if (known is null || known.Attempt < request.Attempt)
        {
            Enqueue(ScheduledRun.Of(request, now));
            Schedule(now);

            // The answer tells; a wake-up would tell it twice.
            _wake.Remove(request.Run);
        }
        else
        {
            Refresh(known, request, now);
        }

        return Stand(request.Run, now);
    }

    public void Release(Guid run, int attempt, DateTimeOffset now)
    {
        Forget(run, olderThan: attempt + 1);
        Schedule(now);
    }

    public void Report(WorkerReport report, DateTimeOffset now)
    {
        var known = _state.Workers.Find(w => w.Name == report.Worker);
        if (known is not null && known.Incarnation != report.Incarnation)
        {
            LoseSeats(known.Name);
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
            Memory = report.Memory,
            NoUserCode = WhyNoUserCode(report.Isolation),
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
        Schedule(now);
    }

    /// <summary>Finds the workers that fell silent, and forgets those long gone.</summary>
    /// <param name="now">The time.</param>
    /// <param name="ended">Incarnations that the cluster knows to have ended: nobody waits for their silence.</param>
    public void Check(DateTimeOffset now, IReadOnlySet<string>? ended = null)
    {
        foreach (var worker in _state.Workers.Where(w => w.LostAt is null && (now - _heard[w.Name] > Silence || ended?.Contains(w.Incarnation) is true)).ToList())
        {
            LoseSeats(worker.Name);
            _state.Workers[_state.Workers.IndexOf(worker)] = worker with { LostAt = now };
            _reports.Remove(worker.Name);
            _dirty = true;
            _workersChanged = true;
        }

        if (_state.Workers.RemoveAll(w => w.LostAt is { } lost && now - lost > Remembrance) > 0)
        {
            _dirty = true;
        }

        Schedule(now);
    }

    /// <summary>Changes how the slots are shared.</summary>
    /// <exception cref="InvalidException">The settings break a rule.</exception>
    public void Set(PoolSettings settings, DateTimeOffset now)
    {
        PoolSettingsRules.Check(settings);
        _state.Settings = settings;
        _policy = new SlotPolicy(settings);
        _dirty = true;
        Schedule(now);
    }

    /// <summary>Takes a worker out of use or back into it.</summary>
    /// <exception cref="NotFoundException">There is no such worker.</exception>
    public void Drain(string worker, bool drain, DateTimeOffset now)
    {
        if (!_state.Workers.Exists(w => w.Name == worker))
        {
            throw new NotFoundException($"Pool '{_pool}' has no worker '{worker}'. GET /v1/workers lists them.");
        }

        var drained = _state.Drained.Contains(worker);
        if (drained == drain)
        {
            return;
        }

        if (drain)
        {
            _state.Drained.Add(worker);
            foreach (var run in _state.Runs.Where(r => r.Leave is null && r.Seats.Exists(s => s.Worker == worker)).ToList())
            {
                Send(run, $"Its worker '{worker}' is drained.");
            }
        }
        else
        {
            _state.Drained.Remove(worker);
        }

        _dirty = true;
        _workersChanged = true;
        Schedule(now);
    }

    /// <summary>Puts a waiting run directly before or behind another.</summary>
    /// <exception cref="ConflictException">One of them does not wait here.</exception>
    public void Move(Guid run, Guid anchor, bool ahead, DateTimeOffset now)
    {
        foreach (var one in (Guid[])[run, anchor])
        {
            if (!_state.Runs.Exists(r => r.Run == one && r.Seats.Count == 0))
            {
                throw new ConflictException($"Training run {one} does not wait in pool '{_pool}'. Only runs that wait can be moved, and only among themselves.");
            }
        }

        if (run == anchor)
        {
            throw new InvalidException("A run cannot be put before or behind itself. Name another one.");
        }

        _state.Moves.RemoveAll(m => m.Run == run || !_state.Runs.Exists(r => r.Run == m.Run) || !_state.Runs.Exists(r => r.Run == m.Anchor));
        _state.Moves.Add(new QueueMove { Run = run, Anchor = anchor, Ahead = ahead });
        _state.Moves.RemoveRange(0, Math.Max(0, _state.Moves.Count - KeptMoves));
        _dirty = true;
        Schedule(now);
    }

    public PoolInfo Describe()
    {
        var usable = Usable().ToList();
        return new PoolInfo
        {
            Name = _pool,
            Settings = Settings,
            Workers = usable.Count,
            Slots = usable.Sum(w => w.Slots),
            FreeSlots = usable.Sum(Free),
            Running = _state.Runs.Count(r => r.Seats.Count > 0),
            Queue = [.. _state.Runs.Where(r => _waits.ContainsKey(r.Run) && r.Seats.Count == 0).Select(r => new PoolWait
            {
                Run = r.Run,
                Project = r.Project,
                Position = _waits[r.Run].Position,
                Slots = r.Members * r.Slots,
                Priority = r.Priority,
                Since = r.Since,
                Reason = _waits[r.Run].Reason,
                EstimatedStart = _waits[r.Run].EstimatedStart,
            }).OrderBy(wait => wait.Position)],
        };
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
        Draining = w.Draining || _state.Drained.Contains(w.Name),
        LastSeenAt = _heard.TryGetValue(w.Name, out var heard) ? heard : w.LostAt ?? now,
        Runs = _reports.TryGetValue(w.Name, out var report) ? report.Runs : [],
        Runners = _reports.TryGetValue(w.Name, out report) ? report.Runners : [],
        Isolation = _reports.TryGetValue(w.Name, out report) ? report.Isolation : null,
    }).ToList();

    private void Enqueue(ScheduledRun run)
    {
        // A run that comes back after a lost attempt kept the time it was first queued at, and so its place.
        var place = _state.Runs.FindIndex(r => r.QueuedAt > run.QueuedAt);
        _state.Runs.Insert(place < 0 ? _state.Runs.Count : place, run);
        _dirty = true;
    }

    private void Refresh(ScheduledRun known, SlotRequest request, DateTimeOffset now)
    {
        var place = _state.Runs.IndexOf(known);
        _state.Runs[place] = known with
        {
            LeftSeconds = request.LeftSeconds ?? known.LeftSeconds,
            LeftAt = request.LeftSeconds is null ? known.LeftAt : now,
            Project = request.Project,
            Priority = request.Priority,
            RestartSeconds = request.RestartSeconds,
        };
        if (known.Priority != request.Priority)
        {
            _dirty = true;
            Schedule(now);
        }
    }

    private void Forget(Guid run, int olderThan)
    {
        var count = _state.Runs.RemoveAll(r => r.Run == run && r.Attempt < olderThan)
            + _state.Lost.RemoveAll(l => l.Run == run && l.Attempt < olderThan);
        if (count > 0)
        {
            _waits.Remove(run);
            _dirty = true;
        }
    }

    private void LoseSeats(string worker)
    {
        foreach (var run in _state.Runs.Where(r => r.Seats.Exists(s => s.Worker == worker)).ToList())
        {
            _state.Lost.Add(new LostLease { Run = run.Run, Attempt = run.Attempt, Worker = worker });
            _state.Runs.Remove(run);
            _wake.Add(run.Run);
            _dirty = true;
        }
    }

    private void Send(ScheduledRun run, string reason)
    {
        _state.Runs[_state.Runs.IndexOf(run)] = run with { Leave = reason };
        _wake.Add(run.Run);
        _dirty = true;
    }

    private void Schedule(DateTimeOffset now)
    {
        _waits.Clear();
        if (_state.Runs.TrueForAll(r => r.Seats.Count > 0))
        {
            return;
        }

        var workers = Usable().Select(w => new PolicyWorker
        {
            Name = w.Name,
            Slots = w.Slots,
            Memory = w.Memory,
            DeviceKind = w.Device.Split(':')[0],
            NoUserCode = w.NoUserCode,
        }).ToList();
        var decision = _policy.Decide(
            _pool, workers, [.. _state.Runs.Select(ToJob)], now, [.. _state.Moves.Select(m => new JobMove(m.Run, m.Anchor, m.Ahead))]);
        foreach (var start in decision.Starts)
        {
            var place = _state.Runs.FindIndex(r => r.Run == start.Job);
            _state.Runs[place] = _state.Runs[place] with
            {
                Since = now,
                Overdue = start.Overdue,
                Seats = [.. start.Seats.Select(seat => new Seat
                {
                    Worker = seat.Worker,
                    Incarnation = _state.Workers.Find(w => w.Name == seat.Worker)!.Incarnation,
                    Members = seat.Members,
                })],
            };
            _wake.Add(start.Job);
            _dirty = true;
        }

        foreach (var stop in decision.Stops)
        {
            Send(_state.Runs.Find(r => r.Run == stop.Job)!, $"Its slots go to training run {stop.For}.");
        }

        foreach (var wait in decision.Waits)
        {
            _waits[wait.Job] = wait;
        }
    }

    private SlotGrant Stand(Guid id, DateTimeOffset now)
    {
        if (!_waits.ContainsKey(id) && _state.Runs.Find(r => r.Run == id) is { Seats.Count: 0 })
        {
            Schedule(now);
            _wake.Remove(id);
        }

        var run = _state.Runs.Find(r => r.Run == id)!;
        if (run.Seats is [var first, ..])
        {
            return new SlotGrant
            {
                Worker = first.Worker,
                Incarnation = first.Incarnation,
                Leave = run.Leave,
                Members = [.. run.Seats.SelectMany(seat => Enumerable.Repeat(seat, seat.Members)).Select((seat, rank) => new GrantMember
                {
                    Rank = rank,
                    Worker = seat.Worker,
                    Incarnation = seat.Incarnation,
                })],
            };
        }

        var wait = _waits[id];
        return new SlotGrant { Position = wait.Position, Reason = wait.Reason, EstimatedStart = wait.EstimatedStart };
    }

    private static string? WhyNoUserCode(WorkerIsolation? isolation) => isolation switch
    {
        null => "It is of an older version, which knows no user code.",
        { Kind: "none" } => $"{isolation.Reason} A worker that is started with --unsafe-user-code runs it without a sandbox.",
        _ => null,
    };

    private PolicyJob ToJob(ScheduledRun run) => new()
    {
        Id = run.Run,
        Project = run.Project,
        Members = run.Seats.Count > 0 ? run.Seats.Sum(seat => seat.Members) : run.Members,
        LeastMembers = run.LeastMembers,
        Slots = run.Slots,
        Memory = run.Memory,
        DeviceKind = run.DeviceKind,
        UserCode = run.UserCode is true,
        Priority = run.Priority,
        QueuedAt = run.QueuedAt,
        Since = run.Since,
        Served = TimeSpan.FromSeconds(run.ServedSeconds),
        Limit = run.LimitSeconds is { } limit ? TimeSpan.FromSeconds(limit) : null,
        Left = run.LeftSeconds is { } left ? TimeSpan.FromSeconds(left) : null,
        LeftAt = run.LeftAt,
        RestartCost = TimeSpan.FromSeconds(run.RestartSeconds > 0 ? run.RestartSeconds : RestartSeconds),
        Preemptible = run.Preemptible,
        Seats = [.. run.Seats.Select(seat => new PolicySeat(seat.Worker, seat.Members))],
        Leaving = run.Leave is not null,
        Overdue = run.Overdue,
    };

    private IEnumerable<KnownWorker> Usable() => _state.Workers.Where(w => w.LostAt is null && !w.Draining && !_state.Drained.Contains(w.Name));

    private int Free(KnownWorker worker) =>
        worker.Slots - _state.Runs.Sum(r => r.Seats.Where(s => s.Worker == worker.Name).Sum(s => s.Members * r.Slots));
}
