using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using OrleansDL.Collectives;

namespace OrleansDL.Tests.Collectives;

public sealed class LossTests
{
    private static readonly TimeSpan Wanted = TimeSpan.FromSeconds(2);

    [Theory]
    [InlineData(2, "KILL")]
    [InlineData(3, "KILL")]
    [InlineData(5, "KILL")]
    [InlineData(3, "STOP")]
    public async Task All_survivors_hear_within_two_seconds_which_rank_was_lost(int size, string signal)
    {
        using var folder = new TestFolder();
        var ranks = Enumerable.Range(0, size).Select(rank => Start(folder.Path, rank, size)).ToList();
        try
        {
            foreach (var rank in ranks)
            {
                Assert.Equal("at work", await rank.StandardOutput.ReadLineAsync());
            }

            var watch = Stopwatch.StartNew();
            using var kill = Process.Start("kill", [$"-{signal}", $"{ranks[1].Id}"]);
            foreach (var rank in ranks.Where(rank => rank != ranks[1]))
            {
                Assert.StartsWith("Rank 1 was lost: ", await rank.StandardOutput.ReadLineAsync(), StringComparison.Ordinal);
            }

            Assert.InRange(watch.Elapsed, TimeSpan.Zero, Wanted);
        }
        finally
        {
            foreach (var rank in ranks)
            {
                rank.Kill();
                rank.Dispose();
            }
        }
    }

    [Fact]
    public void A_rank_that_fails_tells_the_others_why()
    {
        var heard = new string[4];
        Assert.ThrowsAny<Exception>(() => Ranks.Run(4, group =>
        {
            if (group.Rank == 2)
            {
                throw new InvalidException("the disk is full");
            }

            try
            {
                group.Values.Barrier();
            }
            catch (GroupLostException error)
            {
                heard[group.Rank] = error.Message;
                throw;
            }

            return 0;
        }));
        Assert.All(heard.Where((_, rank) => rank != 2), reason => Assert.Equal("Rank 2 failed: the disk is full", reason));
    }

    [Fact]
    public void A_rank_that_computes_is_told_too()
    {
        Assert.ThrowsAny<Exception>(() => Ranks.Run(3, group =>
        {
            using var told = new ManualResetEventSlim();
            group.OnBroken(_ => told.Set());
            if (group.Rank == 0)
            {
                throw new InvalidException("lost");
            }

            told.Wait();
            Assert.Throws<GroupLostException>(group.RequireWhole);
            return 0;
        }));
    }

    [Fact]
    public void Ranks_that_leave_in_order_are_not_missed()
    {
        for (var turn = 0; turn < 20; turn++)
        {
            Assert.Equal([3f, 3f, 3f], Ranks.Run(3, group =>
            {
                Span<float> one = [1];
                group.Gradients.Sum(one);
                return one[0];
            }));
        }
    }

    [Fact]
    public void A_rank_of_an_older_attempt_is_refused_and_told_why()
    {
        var error = Assert.Throws<GroupLostException>(() => Ranks.Run(2, rank => Ranks.Options(rank, 2) with { Attempt = rank + 1, FormLimit = TimeSpan.FromSeconds(3) }, _ => 0));
        Assert.Matches(@"^Rank \d refused this rank \d of attempt \d: it belongs to another attempt\.$", error.Message);
    }

    [Fact]
    public void Whoever_does_not_know_the_secret_is_no_rank()
    {
        var error = Assert.Throws<GroupLostException>(() => Ranks.Run(
            2, rank => Ranks.Options(rank, 2) with { Secret = rank == 0 ? Ranks.Secret : "a guess of someone else"u8.ToArray(), FormLimit = TimeSpan.FromSeconds(1) }, _ => 0));
        Assert.Contains("could not reach rank", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Strangers_do_not_keep_the_ranks_from_each_other()
    {
        using var folder = new TestFolder();
        var rendezvous = new Besieged(new TestRendezvous(folder.Path, 2));
        var threads = Enumerable.Range(0, 2).Select(rank => new Thread(() =>
        {
            using var group = ProcessGroup.Form(Ranks.Options(rank, 2), rendezvous, TimeProvider.System);
            group.Values.Barrier();
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        Assert.All(rendezvous.Strangers, stranger =>
        {
            // Refused: nothing but the greeting comes before the end.
            stranger.ReceiveTimeout = 10_000;
            var (buffer, count) = (new byte[100], 0);
            try
            {
                for (int more; (more = stranger.Receive(buffer)) > 0;)
                {
                    count += more;
                }
            }
            catch (SocketException)
            {
                // Closed in its face.
            }

            Assert.InRange(count, 0, 16);
            stranger.Dispose();
        });
    }

    private static Process Start(string folder, int rank, int size) => Process.Start(new ProcessStartInfo(
        "dotnet", [typeof(RankProgram).Assembly.Location, folder, $"{rank}", $"{size}"])
    { RedirectStandardOutput = true })!;

    /// <summary>Strangers connect before any rank does: one says nothing, one says nonsense.</summary>
    private sealed class Besieged(IRendezvous inner) : IRendezvous
    {
        public List<Socket> Strangers { get; } = [];

        public IReadOnlyList<string> Meet(int rank, string address)
        {
            for (var turn = 0; turn < 2; turn++)
            {
                var stranger = new Socket(SocketType.Stream, ProtocolType.Tcp);
                stranger.Connect(IPEndPoint.Parse(address));
                if (turn > 0)
                {
                    stranger.Send(new byte[500]);
                }

                lock (Strangers)
                {
                    Strangers.Add(stranger);
                }
            }

            return inner.Meet(rank, address);
        }
    }
}
