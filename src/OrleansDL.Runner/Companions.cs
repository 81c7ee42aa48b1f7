using System.Net;
using OrleansDL.Collectives;
using OrleansDL.Training;

namespace OrleansDL.Runner;

/// <summary>The other workers of the run, as this process finds them and loses them.</summary>
internal sealed class Companions(RunnerEnvironment environment, WorkerSocket worker, TimeProvider time)
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(100);

    /// <summary>How long the training thread may take to hear that a rank is lost, before the process ends around it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private volatile bool _over;

    /// <summary>Null for a run that trains alone.</summary>
    /// <exception cref="InvalidException">The launcher's settings contradict each other.</exception>
    public Gang? Gang()
    {
        var (rank, size) = (environment.Rank, environment.WorldSize);
        if (size == 1)
        {
            return null;
        }

        if (rank < 0 || rank >= size)
        {
            throw new InvalidException($"ODL_RANK is {rank} and ODL_WORLD_SIZE {size}. Ranks are 0 to {size - 1}.");
        }

        return new Gang
        {
            Rank = rank,
            Size = size,
            Secret = Convert.FromBase64String(environment.Assignment.GangSecret ?? throw new InvalidException("The assignment has no gangSecret, and ODL_WORLD_SIZE is not 1.")),
            Bind = environment.Advertise is null ? IPAddress.Loopback : IPAddress.Any,
            Advertise = environment.Advertise,
            Meet = Meet,
            Broken = Broken,
        };
    }

    /// <summary>The training thread has ended by itself.</summary>
    public void End() => _over = true;

    // Called on the training thread, which waits for nothing else.
    private IReadOnlyList<string> Meet(int rank, string address)
    {
        IReadOnlyList<string>? all = null;
        using var met = new ManualResetEventSlim();
        _ = Task.Run(async () =>
        {
            all = await MeetAsync(new RankAddress { Attempt = environment.Assignment.Attempt, Rank = rank, Address = address });
            met.Set();
        });
        met.Wait();
        return all!;
    }

    private async Task<IReadOnlyList<string>> MeetAsync(RankAddress address)
    {
        while (true)
        {
            IReadOnlyList<string>? all = null;
            await Delivery.SendAsync(async () => all = await worker.MeetAsync(address), time);
            if (all is not null)
            {
                return all;
            }

            await Task.Delay(AskAgain, time);
        }
    }

    private void Broken(string reason) => _ = Task.Run(async () =>
    {
        await Task.Delay(Patience, time);
        if (!_over)
        {
            ParentWatch.Die(reason);
        }
    });
}
