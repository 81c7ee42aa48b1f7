namespace OrleansDL.Data;

/// <summary>The order of the training rows: a function of dataset content, seed, epoch and canonical nodes, and of nothing else.</summary>
/// <remarks>
/// Up to <see cref="Whole"/> rows are one permutation. More are ordered by parts, so that neither memory nor going on in the middle costs
/// what the whole would: the shards' spans are shuffled and laid end to end, cut evenly among the canonical nodes, and each node's part is
/// permuted block by block; position p of the epoch is row p / nodes of node p mod nodes. How many read, and who, has no part in it.
/// </remarks>
internal sealed class SampleOrder
{
    /// <summary>Rows that are still permuted as one.</summary>
    public const int Whole = 1 << 18;
    public const int DefaultNodes = 8;

    private const long BlocksTogether = 4L << 20;

    private readonly long _rows;
    private readonly string _name;
    private readonly int _nodes;
    private readonly int _blockSize;
    private readonly long[]? _order;
    private readonly long[] _spanStarts = [];
    private readonly long[] _spanFirsts = [];
    private readonly (long Number, int[] Order)[] _blocks = [];

    /// <param name="content">Digest of the dataset's content.</param>
    /// <param name="rows">Training rows.</param>
    /// <param name="spans">Number of the first training row of each shard, ascending; a shard without any repeats the next one's.</param>
    /// <param name="nodes">Canonical nodes.</param>
    public SampleOrder(BlobId content, long seed, int epoch, long rows, IReadOnlyList<long> spans, int nodes = DefaultNodes)
    {
        Epoch = epoch;
        (_rows, _nodes, _name) = (rows, nodes, $"{content}/{seed}/{epoch}");
        if (rows <= Whole)
        {
            _order = Of(content, seed, epoch, (int)rows);
            return;
        }

        _blockSize = (int)Math.Max(BlocksTogether / nodes, Whole);
        _blocks = new (long, int[])[nodes];
        Array.Fill(_blocks, (-1, []));
        var shuffled = spans.Select((first, index) => (First: first, Rows: (index + 1 < spans.Count ? spans[index + 1] : rows) - first)).Where(span => span.Rows > 0).ToArray();
        Xoshiro.From($"{_name}/spans").Shuffle(shuffled.AsSpan());
        (_spanStarts, _spanFirsts) = (new long[shuffled.Length], new long[shuffled.Length]);
        long start = 0;
        foreach (var (index, span) in shuffled.Index())
        {
            (_spanStarts[index], _spanFirsts[index]) = (start, span.First);
            start += span.Rows;
        }
    }

    public int Epoch { get; }

    public static long[] Of(BlobId content, long seed, int epoch, int rows)
    {
        var order = new long[rows];
        for (var row = 0; row < rows; row++)
        {
            order[row] = row;
        }

        Xoshiro.From($"{content}/{seed}/{epoch}").Shuffle(order.AsSpan());
        return order;
    }

    /// <summary>The rows of a reader's part of a batch: the readers' parts one after another are the batch, however many they are.</summary>
    /// <param name="batch">Number of the batch in the epoch, from 0; every batch has <paramref name="size"/> rows but the last.</param>
    public long[] Share(long batch, int size, int reader, int readers)
    {
        var start = batch * size;
        var count = (int)Math.Min(size, _rows - start);
        var (from, to) = ((long)count * reader / readers, (long)count * (reader + 1) / readers);
        var rows = new long[to - from];
        Fill(start + from, rows);
        return rows;
    }

    /// <summary>The rows at the positions from one on. Not for several threads at once.</summary>
    public void Fill(long position, Span<long> target)
    {
        if (_order is not null)
        {
            _order.AsSpan((int)position, target.Length).CopyTo(target);
            return;
        }

        for (var index = 0; index < target.Length; index++)
        {
            target[index] = At(position + index);
        }
    }

    private long At(long position)
    {
        var (node, within) = ((int)(position % _nodes), position / _nodes);
        var block = within / _blockSize;
        if (_blocks[node].Number != block)
        {
            _blocks[node] = (block, Permute(node, block));
        }

        var row = Start(node) + (block * _blockSize) + _blocks[node].Order[within % _blockSize];
        var span = Array.BinarySearch(_spanStarts, row);
        span = span >= 0 ? span : ~span - 1;
        return _spanFirsts[span] + row - _spanStarts[span];
    }

    /// <summary>Node n has every position p with p mod nodes = n: the first nodes have one row more when they do not come out even.</summary>
    private long Start(int node) => (_rows / _nodes * node) + Math.Min(node, _rows % _nodes);

    private int[] Permute(int node, long block)
    {
        var order = new int[Math.Min(_blockSize, Start(node + 1) - Start(node) - (block * _blockSize))];
        for (var row = 0; row < order.Length; row++)
        {
            order[row] = row;
        }

        Xoshiro.From($"{_name}/{_nodes}/{node}/{block}").Shuffle(order.AsSpan());
        return order;
    }
}
