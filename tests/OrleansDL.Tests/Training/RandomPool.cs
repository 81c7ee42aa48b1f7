using OrleansDL.Training;
using OrleansDL.Training.Scheduling;

namespace OrleansDL.Tests.Training;

/// <summary>A pool to which runs of all kinds come, and from which they go, at random.</summary>
internal sealed class RandomPool(int seed, PoolSettings settings)
{
    private readonly Random _random = new(seed);
    private readonly SlotPolicy _policy = new(settings);
    private int _next;

    public List<PolicyWorker> Workers { get; } =
    [
        new() { Name = "w0", Slots = 4, Memory = 8L << 30 }, new() { Name = "w1", Slots = 2, Memory = 4L << 30 },
        new() { Name = "w2", Slots = 4, Memory = 16L << 30, DeviceKind = "cuda" }, new() { Name = "w3", Slots = 1, Memory = 2L << 30 },
    ];

    public List<PolicyJob> Jobs { get; } = [];

    /// <summary>What the last decision was made on.</summary>
    public List<PolicyJob> Before { get; private set; } = [];

    public PolicyDecision Decision { get; private set; } = new() { Starts = [], Stops = [], Waits = [] };

    public DateTimeOffset Now { get; private set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public void Step()
    {
        Now += TimeSpan.FromSeconds(_random.Next(1, 400));
        Jobs.RemoveAll(job => job.Holds && !job.Leaving && _random.Next(12) == 0);
        for (var i = 0; i < Jobs.Count; i++)
        {
            if (Jobs[i].Leaving && _random.Next(2) == 0)
            {
                Jobs[i] = Jobs[i] with { Seats = [], Leaving = false, Served = Jobs[i].ServedUntil(Now), Since = Now };
            }
        }

        if (_random.Next(3) > 0)
        {
            Jobs.Add(New());
        }

        Before = [.. Jobs];
        Decision = _policy.Decide("p", Workers, Before, Now);
        SlotPolicyTests.Apply(Jobs, Decision, Now);
    }

    public int SlotsHeld(string worker) => Jobs.Sum(job => job.Slots * job.Seats.Where(seat => seat.Worker == worker).Sum(seat => seat.Members));

    public long MemoryHeld(string worker) => Jobs.Sum(job => job.Memory * job.Seats.Where(seat => seat.Worker == worker).Sum(seat => seat.Members));

    public int HeldBy(string project) => Jobs.Where(job => job.Holds && !job.Leaving && job.Project == project).Sum(job => job.TotalSlots);

    private PolicyJob New() => SlotPolicyTests.Job(++_next, ((string[])["a", "b", "c"])[_random.Next(3)], _random.Next(4) == 0 ? _random.Next(2, 9) : 1, Now) with
    {
        Slots = _random.Next(5) == 0 ? 2 : 1,
        Memory = _random.Next(3) == 0 ? (long)_random.Next(1, 4) << 30 : 0,
        DeviceKind = _random.Next(6) == 0 ? "cuda" : null,
        Priority = _random.Next(3),
        Limit = _random.Next(2) == 0 ? TimeSpan.FromSeconds(_random.Next(60, 7200)) : null,
        RestartCost = TimeSpan.FromSeconds(_random.Next(1, 300)),
        Preemptible = _random.Next(4) > 0,
    };
}
