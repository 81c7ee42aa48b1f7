namespace OrleansDL.Training.Scheduling;

/// <summary>Slots and memory by worker: what is free, or would be.</summary>
internal sealed class SlotMap
{
    private readonly IReadOnlyList<PolicyWorker> _workers;
    private readonly Dictionary<string, int> _places;
    private readonly int[] _slots;
    private readonly long[] _memory;

    public SlotMap(IReadOnlyList<PolicyWorker> workers)
    {
        _workers = workers;
        _places = workers.Index().ToDictionary(w => w.Item.Name, w => w.Index);
        _slots = [.. workers.Select(w => w.Slots)];
        _memory = [.. workers.Select(w => w.Memory == 0 ? long.MaxValue / 2 : w.Memory)];
    }

    private SlotMap(SlotMap other)
    {
        _workers = other._workers;
        _places = other._places;
        _slots = [.. other._slots];
        _memory = [.. other._memory];
    }

    public int Total => _slots.Sum();

    public SlotMap Copy() => new(this);

    public void Take(PolicyJob job, IReadOnlyList<PolicySeat> seats) => Add(job, seats, -1);

    /// <summary>Slots of a worker that is not among these are nobody's.</summary>
    public void Give(PolicyJob job, IReadOnlyList<PolicySeat> seats) => Add(job, seats, 1);

    /// <summary>The less of two by worker.</summary>
    public SlotMap Least(SlotMap other)
    {
        var least = Copy();
        for (var i = 0; i < _slots.Length; i++)
        {
            least._slots[i] = Math.Min(_slots[i], other._slots[i]);
            least._memory[i] = Math.Min(_memory[i], other._memory[i]);
        }

        return least;
    }

    /// <summary>The same without the workers that a job could use.</summary>
    public SlotMap Without(PolicyJob job)
    {
        var rest = Copy();
        for (var i = 0; i < _slots.Length; i++)
        {
            if (Suits(job, i) && _workers[i].Slots >= job.Slots)
            {
                rest._slots[i] = 0;
            }
        }

        return rest;
    }

    /// <summary>Seats for the whole gang, or null. It goes where it leaves the largest holes whole.</summary>
    public IReadOnlyList<PolicySeat>? Place(PolicyJob job)
    {
        // The fullest worker that has room for all of it keeps the others free for big runs.
        var best = -1;
        var room = 0;
        for (var i = 0; i < _slots.Length; i++)
        {
            var fits = Fits(job, i);
            room += fits;
            if (fits >= job.Members && (best < 0 || _slots[i] < _slots[best]))
            {
                best = i;
            }
        }

        if (best >= 0)
        {
            return [new PolicySeat(_workers[best].Name, job.Members)];
        }

        if (room < job.Members)
        {
            return null;
        }

        // No worker has room for all: the fewest workers, the emptiest first.
        var seats = new List<PolicySeat>();
        var left = job.Members;
        foreach (var i in Enumerable.Range(0, _slots.Length).OrderByDescending(i => Fits(job, i)))
        {
            var members = Math.Min(left, Fits(job, i));
            seats.Add(new PolicySeat(_workers[i].Name, members));
            left -= members;
            if (left == 0)
            {
                break;
            }
        }

        return seats;
    }

    /// <summary>The job with as many of its members as there is room for, if those will do; else as it is.</summary>
    public PolicyJob Shrink(PolicyJob job)
    {
        if (job.Holds || job.LeastMembers == 0 || job.LeastMembers >= job.Members)
        {
            return job;
        }

        var room = Enumerable.Range(0, _slots.Length).Sum(worker => (long)Math.Min(job.Members, Fits(job, worker)));
        return room >= job.LeastMembers && room < job.Members ? job with { Members = (int)room } : job;
    }

    private int Fits(PolicyJob job, int worker) => !Suits(job, worker) || _slots[worker] < job.Slots
        ? 0
        : (int)Math.Min(_slots[worker] / job.Slots, job.Memory == 0 ? int.MaxValue : Math.Max(0, _memory[worker]) / job.Memory);

    private bool Suits(PolicyJob job, int worker) => _workers[worker].Suits(job);

    private void Add(PolicyJob job, IReadOnlyList<PolicySeat> seats, int sign)
    {
        foreach (var seat in seats)
        {
            if (_places.TryGetValue(seat.Worker, out var worker))
            {
                _slots[worker] += sign * seat.Members * job.Slots;
                _memory[worker] += sign * seat.Members * job.Memory;
            }
        }
    }
}
