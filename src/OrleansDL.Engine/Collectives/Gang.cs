using System.Net;
using OrleansDL.Training;

namespace OrleansDL.Collectives;

/// <summary>The place of this process among the workers that train one run together.</summary>
public sealed record Gang
{
    /// <summary>From 0; rank 0 reports, writes checkpoints and leaves the artifact.</summary>
    public required int Rank { get; init; }

    /// <summary>Number of workers, at least 2.</summary>
    public required int Size { get; init; }

    /// <summary>Known to the run's workers alone.</summary>
    public required byte[] Secret { get; init; }

    /// <summary>Where this process listens for the others.</summary>
    public IPAddress Bind { get; init; } = IPAddress.Loopback;

    /// <summary>Name or address under which the others reach it; null: the one it listens on.</summary>
    public string? Advertise { get; init; }

    /// <summary>Tells the run where this rank listens, and waits for the addresses of all, by rank. It throws when they will not come.</summary>
    public required Func<int, string, IReadOnlyList<string>> Meet { get; init; }

    /// <summary>Called with the reason when a rank is lost, at once and from any thread: the training thread hears of it at its next exchange.</summary>
    public Action<string>? Broken { get; init; }

    /// <exception cref="GroupLostException">The ranks did not come together.</exception>
    internal ProcessGroup Form(RunnerAssignment assignment, TimeProvider time)
    {
        var options = new GroupOptions
        {
            Run = assignment.Run,
            Attempt = assignment.Attempt,
            Secret = Secret,
            Rank = Rank,
            Size = Size,
            Bind = Bind,
            Advertise = Advertise,
        };
        var group = ProcessGroup.Form(options, new GangRendezvous(Meet), time);
        if (Broken is { } broken)
        {
            group.OnBroken(broken);
        }

        return group;
    }
}
