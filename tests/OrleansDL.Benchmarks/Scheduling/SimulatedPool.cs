using OrleansDL.Training;
using OrleansDL.Training.Scheduling;

namespace OrleansDL.Benchmarks.Scheduling;

/// <summary>A pool of 8 workers with 8 slots, run by the policy that runs the real ones.</summary>
internal sealed class SimulatedPool(IReadOnlyList<SimulatedJob> jobs, PoolSettings settings, bool limits)
{
    /// <summary>Of the 30 seconds that a restart costs, this long for the checkpoint ...</summary>
    private const double LeaveCost = 5;

    /// <summary>... and this long for coming back.</summary>
    private const double ReturnCost = 25;

    /// <summary>Seconds of work until a job can tell how long it still needs.</summary>
    private const double FirstProgress = 30;

    /// <summary>The scheduler looks at least this often.</summary>
    private const double Tick = 30;
    private const int Workers = 8;

    private static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly SlotPolicy _policy = new(settings);
    private readonly List<PolicyWorker> _workers =
        [.. Enumerable.Range(0, Workers).Select(n => new PolicyWorker { Name = "w" + n, Slots = SimulatedLoad.Slots / Workers })];

    // In order of arrival, as the policy wants those that wait.
    private readonly SortedDictionary<int, PolicyJob> _present = [];
    private readonly double[] _done = new double[jobs.Count];
    private readonly double[] _workFrom = new double[jobs.Count];
    private readonly bool[] _begun = new bool[jobs.Count];
    private readonly int[] _stay = new int[jobs.Count];
    private readonly double[] _ends = [.. jobs.Select(_ => double.NaN)];
    private readonly PriorityQueue<(int Job, int Stay, bool Left), double> _ahead = new();
    private double _greatestWait;
    private int _preemptions;

    public SimulationResult Run()
    {
        var next = 0;
        var clock = 0.0;
        while (next < jobs.Count || _present.Count > 0)
        {
            var arrival = next < jobs.Count ? jobs[next].Arrival : double.PositiveInfinity;
            var ahead = _ahead.TryPeek(out _, out var at) ? at : double.PositiveInfinity;
            var tick = _present.Values.Any(job => !job.Holds) ? clock + Tick : double.PositiveInfinity;
            clock = Math.Min(arrival, Math.Min(ahead, tick));
            while (next < jobs.Count && jobs[next].Arrival <= clock)
            {
                Arrive(jobs[next++], clock);
            }

            while (_ahead.TryPeek(out var happened, out at) && at <= clock)
            {
                _ahead.Dequeue();
                Happen(happened.Job, happened.Stay, happened.Left, clock);
            }

            Decide(clock);
        }

        return SimulationResult.Of(jobs, _ends, _greatestWait, _preemptions);
    }

    private static DateTimeOffset Time(double clock) => Epoch.AddSeconds(clock);

    private static Guid Id(int number) => new(number, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]);

    private static int Number(Guid id) => BitConverter.ToInt32(id.ToByteArray(), 0);

    private void Arrive(SimulatedJob job, double clock) => _present[job.Number] = new PolicyJob
    {
        Id = Id(job.Number),
        Project = job.Project,
        Members = job.Slots,
        QueuedAt = Time(job.Arrival),
        Since = Time(clock),
        Limit = limits ? TimeSpan.FromSeconds(job.Limit) : null,
        RestartCost = TimeSpan.FromSeconds(LeaveCost + ReturnCost),
    };

    private void Happen(int number, int stay, bool left, double clock)
    {
        if (_stay[number] != stay)
        {
            return;
        }

        if (left)
        {
            _present[number] = _present[number] with { Seats = [], Leaving = false, Since = Time(clock), Served = _present[number].ServedUntil(Time(clock)) };
        }
        else
        {
            _ends[number] = clock;
            _present.Remove(number);
        }
    }

    private void Decide(double clock)
    {
        var now = Time(clock);
        var decision = _policy.Decide("sim", _workers, [.. _present.Select(entry => Known(entry.Key, entry.Value, clock))], now);
        foreach (var stop in decision.Stops)
        {
            var number = Number(stop.Job);
            _done[number] = Done(number, clock);
            _present[number] = Known(number, _present[number], clock) with { Leaving = true };
            _ahead.Enqueue((number, ++_stay[number], true), clock + LeaveCost);
            _preemptions++;
        }

        foreach (var start in decision.Starts)
        {
            var number = Number(start.Job);
            var job = _present[number];
            _greatestWait = Math.Max(_greatestWait, (now - job.Since).TotalSeconds);
            _present[number] = job with { Seats = start.Seats, Since = now, Overdue = start.Overdue };
            _workFrom[number] = clock + (_begun[number] ? ReturnCost : 0);
            _begun[number] = true;
            _ahead.Enqueue((number, ++_stay[number], false), _workFrom[number] + jobs[number].Duration - _done[number]);
        }
    }

    private double Done(int number, double clock) => _done[number] + Math.Max(0, clock - _workFrom[number]);

    private PolicyJob Known(int number, PolicyJob job, double clock)
    {
        if (!job.Holds || job.Leaving || !jobs[number].Tells)
        {
            return job;
        }

        var done = Done(number, clock);
        return done < FirstProgress ? job : job with
        {
            Left = TimeSpan.FromSeconds(Math.Max(0, jobs[number].Duration - done) * jobs[number].Error),
            LeftAt = Time(clock),
        };
    }
}
