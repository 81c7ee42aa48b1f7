namespace OrleansDL.Training.Scheduling;

/// <summary>Decides who starts, who leaves and why the others wait. It knows no clock and remembers nothing: the same question has the same answer.</summary>
internal sealed class SlotPolicy(PoolSettings settings)
{
    /// <summary>How long an overdue run is left alone, as a share of what it had been served before: it must get somewhere.</summary>
    private const double OverdueShare = 0.25;

    /// <summary>Runs ranked beyond this many get no estimate of their start.</summary>
    private const int Estimated = 100;

    private readonly JobOrder _order = JobOrder.Of(settings);

    /// <summary>Until when a run that holds slots may not be sent away.</summary>
    public DateTimeOffset ProtectedUntil(PolicyJob job)
    {
        var least = Math.Max(settings.MinimumRunSeconds, settings.RestartFactor * job.RestartCost.TotalSeconds);
        return job.Since + TimeSpan.FromSeconds(job.Overdue ? Math.Max(least, OverdueShare * job.Served.TotalSeconds) : least);
    }

    /// <summary>Whether a run has waited so long that it goes before all others.</summary>
    public bool IsOverdue(PolicyJob job, DateTimeOffset now) =>
        _order.Ages && now - job.Since > TimeSpan.FromSeconds(settings.PatienceSeconds + (settings.PatienceFactor * job.Served.TotalSeconds));

    /// <param name="pool">Name of the pool, for reasons.</param>
    /// <param name="workers">Those that may be given work.</param>
    /// <param name="jobs">All that wait or hold, those that wait in the order in which they came.</param>
    /// <param name="now">The time.</param>
    /// <param name="moves">Wishes that one waiting run go directly before another, oldest first.</param>
    public PolicyDecision Decide(
        string pool, IReadOnlyList<PolicyWorker> workers, IReadOnlyList<PolicyJob> jobs, DateTimeOffset now, IReadOnlyList<JobMove>? moves = null)
    {
        var whole = new SlotMap(workers);
        var board = new Board(settings, pool, workers, [.. jobs.Select(whole.Shrink)], now);
        foreach (var job in Rank(board, moves ?? []))
        {
            Serve(board, job);
        }

        return board.ToDecision(Estimates.Of(board, Estimated));
    }

    private List<PolicyJob> Rank(Board board, IReadOnlyList<JobMove> moves)
    {
        var ranked = _order.Sort(board.Waiting, board.Held, board.Now)
            .OrderBy(job => IsOverdue(job, board.Now) ? 0 : board.IsOwn(job) ? 1 : 2)
            .ToList();

        // Among the overdue the one that has waited longest for what it is.
        var overdue = ranked.TakeWhile(job => IsOverdue(job, board.Now)).OrderBy(job => job.Since).ToList();
        ranked.RemoveRange(0, overdue.Count);
        ranked.InsertRange(0, overdue);
        foreach (var move in moves)
        {
            var from = ranked.FindIndex(job => job.Id == move.Job);
            if (from >= 0 && ranked.Exists(job => job.Id == move.Anchor))
            {
                var job = ranked[from];
                ranked.RemoveAt(from);
                ranked.Insert(ranked.FindIndex(other => other.Id == move.Anchor) + (move.Ahead ? 0 : 1), job);
            }
        }

        return ranked;
    }

    private void Serve(Board board, PolicyJob job)
    {
        if (board.Refusal(job) is { } refusal)
        {
            board.Refuse(job, refusal);
            return;
        }

        var overdue = IsOverdue(job, board.Now);
        if (board.Room(job).Place(job) is { } seats)
        {
            board.Start(job, seats, overdue);
        }
        else if (board.Place(job) is { } soon)
        {
            board.Claim(job, soon);
        }
        else if (settings.Preemption && board.Reserved is null && FindVictims(board, job, overdue) is { } victims)
        {
            board.Stop(victims, job);
        }
        else
        {
            var holdsUp = (_order.HoldsUp || overdue) && board.Reserved is null;
            board.Wait(job, board.WhyFull(job));
            if (holdsUp)
            {
                board.Reserve(job, holder => Outranks(board, job, holder, overdue) ? ProtectedUntil(holder) : null);
            }
        }
    }

    /// <summary>The least that have to leave, the last in rank first; null when even all of them would not make room.</summary>
    private List<PolicyJob>? FindVictims(Board board, PolicyJob job, bool overdue)
    {
        var room = board.Soon();
        var victims = new List<PolicyJob>();
        var fits = false;
        var candidates = board.Holders.Where(h => ProtectedUntil(h) <= board.Now && Outranks(board, job, h, overdue)).ToList();
        if (candidates.Sum(h => h.TotalSlots) + room.Total < job.TotalSlots)
        {
            return null;
        }

        foreach (var holder in candidates
            .OrderBy(h => h.Priority).ThenByDescending(h => _order.Key(h, board.Now)).ThenByDescending(h => h.Since))
        {
            // What a project holds shrinks with every run that leaves: ask again.
            if (!Outranks(board, job, holder, overdue, victims))
            {
                continue;
            }

            victims.Add(holder);
            room.Give(holder, holder.Seats);
            fits = room.Place(job) is not null;
            if (fits)
            {
                break;
            }
        }

        if (!fits)
        {
            return null;
        }

        foreach (var spared in victims.AsEnumerable().Reverse().ToList())
        {
            room.Take(spared, spared.Seats);
            if (room.Place(job) is not null)
            {
                victims.Remove(spared);
            }
            else
            {
                room.Give(spared, spared.Seats);
            }
        }

        return victims;
    }

    private bool Outranks(Board board, PolicyJob job, PolicyJob holder, bool overdue, List<PolicyJob>? gone = null)
    {
        if (!holder.Preemptible || holder.Leaving || !settings.Preemption)
        {
            return false;
        }

        if (overdue)
        {
            return !holder.Overdue || holder.Since < job.Since;
        }

        var held = gone is null or [] ? board.Held : board.HeldWithout(gone);
        return (board.IsOwn(job), board.IsBorrowing(holder, held)) switch
        {
            (true, true) => true,
            (false, false) when board.HasQuotas => false,
            _ => _order.Outranks(job, holder, held, board.Now),
        };
    }
}
