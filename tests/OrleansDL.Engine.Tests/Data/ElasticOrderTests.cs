using System.Text;
using FsCheck.Xunit;
using OrleansDL.Data;

namespace OrleansDL.Tests.Data;

/// <summary>However many read, whenever one is killed: the batches are the same.</summary>
public sealed class ElasticOrderTests
{
    private const int Many = 600_000;
    private static readonly BlobId Content = BlobId.Parse(new string('a', 64));
    private static readonly long[] Spans = [0, 1, 100_000, 100_000, 350_000, 599_999];

    [Fact]
    public void Up_to_262144_rows_the_order_is_what_it_always_was()
    {
        foreach (var rows in new[] { 1, 20, 4_097, SampleOrder.Whole })
        {
            var order = new long[rows];
            new SampleOrder(Content, 7, 3, rows, [0], nodes: 5).Fill(0, order);
            Assert.Equal(SampleOrder.Of(Content, 7, 3, rows), order);
        }
    }

    [Fact]
    public void Beyond_them_the_order_never_changes_either()
    {
        var text = new StringBuilder();
        foreach (var (nodes, position) in new[] { (8, 0L), (8, 599_990L), (1, 0L), (3, 300_000L) })
        {
            var rows = new long[10];
            new SampleOrder(Content, 7, 3, Many, Spans, nodes).Fill(position, rows);
            text.Append(string.Join(' ', rows)).Append('\n');
        }

        Golden.Check("order-large-v1.txt", Encoding.UTF8.GetBytes(text.ToString()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(64)]
    public void Every_row_comes_once_an_epoch(int nodes)
    {
        var order = new long[Many + 3];
        new SampleOrder(Content, 1, 0, order.Length, Spans, nodes).Fill(0, order);
        Array.Sort(order);
        Assert.Equal(Enumerable.Range(0, Many + 3).Select(row => (long)row), order);
    }

    [Property(MaxTest = 30)]
    public void Any_number_of_readers_killed_anywhere_reads_the_same_batches(ushort seed, byte size, uint killedAt, bool large)
    {
        var rows = large ? SampleOrder.Whole + 1_000 + seed : 500 + seed;
        var batch = 1 + (size % 96);
        var batches = Math.Min(40, rows / batch);
        var first = large ? (int)(killedAt % (uint)((rows / batch) - batches + 1)) : 0;
        var whole = Read(rows, seed, batch, first, batches, readers: 1);
        foreach (var readers in new[] { 1, 2, 4, 8 })
        {
            // Killed after some batches, and gone on by another number of readers that never saw those before.
            var killed = (int)(killedAt % (uint)batches);
            var before = Read(rows, seed, batch, first, killed, readers);
            var after = Read(rows, seed, batch, first + killed, batches - killed, 9 - readers);
            Assert.Equal(whole, before.Concat(after));
        }
    }

    [Fact]
    public void A_hundred_million_rows_are_ordered_in_bounded_memory_and_from_the_middle_at_once()
    {
        const long Rows = 100_000_000;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var order = new SampleOrder(Content, 1, 0, Rows, [.. Enumerable.Range(0, 200).Select(span => span * (Rows / 200))]);
        var seen = order.Share(Rows / 256 / 2, 256, 0, 1);
        Assert.Equal(256, seen.Distinct().Count());
        Assert.All(seen, row => Assert.InRange(row, 0, Rows - 1));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20 << 20);
    }

    [Property(MaxTest = 50)]
    public void Rows_of_a_set_are_found_by_their_place(ushort seed, ushort count)
    {
        var (random, set, expected) = (new Random(seed), new RowSet(), new List<long>());
        var share = random.NextDouble();
        for (var row = 0; row < count % 6000; row++)
        {
            var isIn = random.NextDouble() < share;
            set.Add(isIn);
            if (isIn)
            {
                expected.Add(row);
            }
        }

        set.Close();
        Assert.Equal(expected, Enumerable.Range(0, (int)set.Count).Select(index => set[index]));
        Assert.All(Enumerable.Range(0, expected.Count), index => Assert.Equal(index, set.Before(expected[index])));
    }

    private static List<long> Read(int rows, int seed, int batch, int first, int batches, int readers)
    {
        // Each reader has an order of its own, as another process would.
        var orders = Enumerable.Range(0, readers).Select(_ => new SampleOrder(Content, seed, 0, rows, [0, rows / 3])).ToArray();
        return [.. Enumerable.Range(first, batches).SelectMany(number => orders.SelectMany((order, reader) => order.Share(number, batch, reader, readers)))];
    }
}
