namespace OrleansDL.Serving.Batching;

/// <summary>Decides which waiting requests run together, and when. It does nothing but decide: one caller at a time, time is told to it.</summary>
/// <param name="spec">The rules.</param>
/// <param name="hold">Nothing is taken before so many wait; 0: no such condition. For tests that need a batch of a known size.</param>
/// <param name="backlog">The same once more, after the first was taken.</param>
/// <param name="ragged">Inputs that need not be of one shape; null: all need.</param>
internal sealed class BatchQueue(BatchingSpec spec, int hold = 0, int backlog = 0, IReadOnlySet<string>? ragged = null)
{
    /// <summary>Requests looked at for company: one of another shape behind them all waits for its own turn.</summary>
    private const int GreatestLook = 1024;

    // Of each level the ones in time; last the ones whose wait was over.
    private readonly LinkedList<Pending>[] _levels = [.. Enumerable.Range(0, spec.PriorityLevels + 1).Select(_ => new LinkedList<Pending>())];
    private readonly PriorityQueue<Pending, TimeSpan> _deadlines = new();
    private readonly int _greatest = spec.PreferredBatchSizes.Count == 0 ? spec.MaximumBatchSize : spec.PreferredBatchSizes[^1];
    private int _hold = hold;
    private int _backlog = backlog;

    public int Count { get; private set; }

    /// <summary>Requests of one level that are in time.</summary>
    public int CountOf(int priority) => _levels[priority - 1].Count;

    private LinkedList<Pending> Late => _levels[^1];

    public void Add(Pending pending)
    {
        _levels[pending.Priority - 1].AddLast(pending.Node);
        Count++;
        if (pending.Deadline is { } deadline)
        {
            _deadlines.Enqueue(pending, deadline);
        }
    }

    /// <returns>Whether it was still waiting.</returns>
    public bool Remove(Pending pending)
    {
        if (pending.Node.List is not { } list)
        {
            return false;
        }

        list.Remove(pending.Node);
        Count--;
        return true;
    }

    /// <summary>Takes out what has waited too long and is to be refused; what is to be delayed goes behind the rest.</summary>
    public IReadOnlyList<Pending> Expire(TimeSpan now)
    {
        List<Pending>? refused = null;
        while (_deadlines.TryPeek(out var pending, out var deadline) && (deadline <= now || pending.Node.List is null))
        {
            _deadlines.Dequeue();
            if (!Remove(pending))
            {
                continue;
            }

            if ((pending.Late ?? spec.TimeoutAction) is QueueTimeoutAction.Delay)
            {
                Late.AddLast(pending.Node);
                Count++;
            }
            else
            {
                (refused ??= []).Add(pending);
            }
        }

        return refused ?? [];
    }

    /// <summary>The requests to run now; null when waiting for more pays.</summary>
    /// <param name="now">The time.</param>
    /// <param name="delay">How long the oldest may wait for company.</param>
    public List<Pending>? Take(TimeSpan now, TimeSpan delay)
    {
        if (Count == 0 || Count < _hold)
        {
            return null;
        }

        var (together, preferred, isOver) = Gather();
        var isLate = delay > TimeSpan.Zero && now - Oldest(together) >= delay;
        var size = preferred > 0 && !isLate ? preferred : isOver || isLate || delay == TimeSpan.Zero ? together.Count : 0;
        if (size == 0)
        {
            return null;
        }

        together.RemoveRange(size, together.Count - size);
        together.ForEach(pending => Remove(pending));
        (_hold, _backlog) = (_backlog, 0);
        return together;
    }

    /// <summary>When to look again though nothing happens; null: never.</summary>
    /// <param name="delay">How long the oldest may wait for company; null while no execution is free.</param>
    public TimeSpan? NextLook(TimeSpan? delay)
    {
        var deadline = _deadlines.TryPeek(out _, out var earliest) ? earliest : (TimeSpan?)null;
        var due = delay is { } wait && Count > 0 && Count >= _hold ? Due(wait) : (TimeSpan?)null;
        return deadline < due || due is null ? deadline : due;
    }

    private TimeSpan Due(TimeSpan wait)
    {
        var (together, preferred, isOver) = Gather();
        return preferred > 0 || isOver ? Oldest(together) : Oldest(together) + wait;
    }

    /// <summary>The first in line and those behind it that the model can take with it.</summary>
    /// <returns>
    /// With how many of the first a preferred size is reached, or was about to be passed, 0: none; and whether waiting brings nothing: they are as many as any
    /// preferred size, or one came that they cannot take along.
    /// </returns>
    private (List<Pending> Together, int Preferred, bool IsOver) Gather()
    {
        List<Pending> together = [];
        var (rows, preferred, looked, meetsOthers) = (0, 0, 0, false);
        foreach (var level in _levels)
        {
            for (var node = level.First; node is not null; node = node.Next)
            {
                if (++looked > GreatestLook)
                {
                    return (together, preferred, true);
                }

                var pending = node.Value;
                if (together.Count > 0 && !Fit(together[0].Request, pending.Request))
                {
                    meetsOthers = true;
                    if (spec.PreserveOrdering)
                    {
                        return (together, preferred, true);
                    }

                    continue;
                }

                if (together.Count > 0 && preferred == 0 && rows + pending.Rows > _greatest)
                {
                    preferred = together.Count;
                }

                if (rows + pending.Rows > spec.MaximumBatchSize)
                {
                    return (together, preferred, true);
                }

                together.Add(pending);
                rows += pending.Rows;
                if (IsPreferred(rows))
                {
                    preferred = together.Count;
                }

                if (rows == spec.MaximumBatchSize)
                {
                    return (together, preferred, true);
                }
            }
        }

        return (together, preferred, meetsOthers || rows >= _greatest);
    }

    private bool IsPreferred(int rows)
    {
        for (var index = 0; index < spec.PreferredBatchSizes.Count; index++)
        {
            if (spec.PreferredBatchSizes[index] == rows)
            {
                return true;
            }
        }

        return false;
    }

    private static TimeSpan Oldest(List<Pending> together)
    {
        var oldest = together[0].Arrived;
        foreach (var pending in together)
        {
            oldest = pending.Arrived < oldest ? pending.Arrived : oldest;
        }

        return oldest;
    }

    /// <summary>Whether two requests differ in nothing but their rows, and the shapes of what may be ragged.</summary>
    private bool Fit(InferRequest first, InferRequest second)
    {
        if (first.Inputs.Count != second.Inputs.Count)
        {
            return false;
        }

        for (var input = 0; input < first.Inputs.Count; input++)
        {
            var (left, right) = (first.Inputs[input], second.Inputs[input]);
            if (left.Name != right.Name || (!left.Shape.AsSpan(1).SequenceEqual(right.Shape.AsSpan(1)) && (ragged?.Contains(left.Name) is not true || left.Shape.Length != right.Shape.Length)))
            {
                return false;
            }
        }

        return true;
    }
}
