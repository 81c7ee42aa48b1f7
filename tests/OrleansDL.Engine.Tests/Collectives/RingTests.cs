using FsCheck.Xunit;
using OrleansDL.Collectives;

namespace OrleansDL.Tests.Collectives;

public sealed class RingTests
{
    [Theory]
    [InlineData(1, 10)]
    [InlineData(2, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(3, 1_000_003)]
    [InlineData(4, 4096)]
    [InlineData(5, 7)]
    [InlineData(5, 333_331)]
    [InlineData(2, 20_000_000)]
    public void Every_rank_ends_with_the_same_sums(int size, int count)
    {
        var sums = Ranks.Run(size, group =>
        {
            var values = Values(group.Rank, count);
            group.Gradients.Sum(values.AsSpan());
            return values;
        });
        var expected = new double[count];
        for (var rank = 0; rank < size; rank++)
        {
            var values = Values(rank, count);
            for (var place = 0; place < count; place++)
            {
                expected[place] += values[place];
            }
        }

        Assert.All(sums, sum => Assert.True(sum.AsSpan().SequenceEqual(sums[0])));
        for (var place = 0; place < count; place++)
        {
            Assert.Equal(expected[place], sums[0][place], 1e-6);
        }
    }

    [Property(MaxTest = 15)]
    public bool Whatever_the_sizes_all_ranks_hold_the_same_bits_and_every_repetition_too(byte ranks, int[] lengths)
    {
        var size = 2 + (ranks % 4);
        float[][] Sums() => Ranks.Run(size, group => lengths.SelectMany((length, turn) =>
        {
            var values = Values(group.Rank + turn, Math.Abs(length % 5000));
            group.Values.Sum(values.AsSpan());
            return values;
        }).ToArray());
        var (first, second) = (Sums(), Sums());
        return first.Concat(second).All(sum => sum.AsSpan().SequenceEqual(first[0]));
    }

    [Fact]
    public void Longs_and_doubles_are_summed_as_well()
    {
        var sums = Ranks.Run(3, group =>
        {
            Span<long> whole = [long.MaxValue / 4, group.Rank];
            Span<double> real = [1e-300, group.Rank + 0.5];
            group.Values.Sum(whole);
            group.Values.Sum(real);
            return (whole.ToArray(), real.ToArray());
        });
        Assert.All(sums, sum => Assert.Equal([(long.MaxValue / 4 * 3), 3], sum.Item1));
        Assert.All(sums, sum => Assert.Equal([1e-300 * 3, 4.5], sum.Item2));
    }

    [Theory]
    [InlineData(2, 0, 10)]
    [InlineData(3, 2, 2_000_001)]
    [InlineData(5, 1, 0)]
    public void A_broadcast_gives_every_rank_the_bytes_of_the_root(int size, int root, int count)
    {
        var heard = Ranks.Run(size, group =>
        {
            var bytes = new byte[count];
            new Random(group.Rank).NextBytes(bytes);
            group.Values.Broadcast(bytes, root);
            return bytes;
        });
        var expected = new byte[count];
        new Random(root).NextBytes(expected);
        Assert.All(heard, bytes => Assert.Equal(expected, bytes));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void What_is_gathered_lies_by_rank(int size)
    {
        var gathered = Ranks.Run(size, group => group.Values.Gather([(byte)group.Rank, 7]));
        Assert.All(gathered, bytes => Assert.Equal(Enumerable.Range(0, size).SelectMany(rank => (byte[])[(byte)rank, 7]), bytes));
    }

    [Fact]
    public void Both_channels_work_at_once_on_two_threads()
    {
        var sums = Ranks.Run(3, group =>
        {
            var gradients = new float[300_000];
            Array.Fill(gradients, 1);
            var thread = new Thread(() =>
            {
                for (var turn = 0; turn < 20; turn++)
                {
                    group.Gradients.Sum(gradients.AsSpan());
                }
            });
            thread.Start();
            Span<float> small = [1];
            for (var turn = 0; turn < 20; turn++)
            {
                group.Values.Sum(small);
            }

            thread.Join();
            return (gradients[^1], small[0]);
        });
        var power = (float)Math.Pow(3, 20);
        Assert.All(sums, sum => Assert.Equal((power, power), sum));
    }

    [Fact]
    public void Nobody_passes_a_barrier_before_all_are_there()
    {
        var arrived = 0;
        var passed = Ranks.Run(4, group =>
        {
            Interlocked.Increment(ref arrived);
            group.Values.Barrier();
            return Volatile.Read(ref arrived);
        });
        Assert.All(passed, count => Assert.Equal(4, count));
    }

    [Fact]
    public void Ranks_that_are_not_at_the_same_place_are_told_so()
    {
        var error = Assert.Throws<GroupLostException>(() => Ranks.Run(2, group =>
        {
            var values = new float[group.Rank == 0 ? 10 : 11];
            group.Values.Sum(values.AsSpan());
            return 0;
        }));
        Assert.Matches(@"^Ranks are not at the same place: rank \d is at Sum 1 of 4\d bytes, rank \d at Sum 1 of 4\d bytes\.$", error.Message);
    }

    private static float[] Values(int rank, int count)
    {
        var random = new Random(rank);
        var values = new float[count];
        for (var place = 0; place < count; place++)
        {
            values[place] = random.NextSingle() - 0.5f;
        }

        return values;
    }
}
