using System.Numerics;

namespace OrleansDL.Data;

/// <summary>Some of a dataset's rows, in order: a bit for each row, so that 100 million rows take 14 MB.</summary>
internal sealed class RowSet
{
    private const int WordsPerBlock = 8;

    private ulong[] _words = new ulong[64];
    private long[] _counts = [];
    private long _rows;

    public long Count { get; private set; }

    /// <summary>Says of the next row whether it is one of them.</summary>
    public void Add(bool isIn)
    {
        var word = (int)(_rows >> 6);
        if (word == _words.Length)
        {
            Array.Resize(ref _words, _words.Length * 2);
        }

        if (isIn)
        {
            _words[word] |= 1UL << (int)(_rows & 63);
            Count++;
        }

        _rows++;
    }

    /// <summary>Ends the adding: rows can be asked for now.</summary>
    public void Close()
    {
        _counts = new long[(_words.Length / WordsPerBlock) + 1];
        for (var block = 0; block < _counts.Length - 1; block++)
        {
            var count = 0;
            foreach (var word in _words.AsSpan(block * WordsPerBlock, WordsPerBlock))
            {
                count += BitOperations.PopCount(word);
            }

            _counts[block + 1] = _counts[block] + count;
        }
    }

    /// <summary>How many of them come before a row.</summary>
    public long Before(long row)
    {
        var word = (int)(row >> 6);
        var count = _counts[word / WordsPerBlock];
        for (var at = word / WordsPerBlock * WordsPerBlock; at < word; at++)
        {
            count += BitOperations.PopCount(_words[at]);
        }

        return word == _words.Length ? count : count + BitOperations.PopCount(_words[word] & ((1UL << (int)(row & 63)) - 1));
    }

    /// <summary>The row that is number <paramref name="index"/> of them, from 0.</summary>
    public long this[long index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)index, (ulong)Count);
            if (Count == _rows)
            {
                return index;
            }

            var (block, after) = (0, _counts.Length - 1);
            while (after - block > 1)
            {
                var middle = (block + after) / 2;
                (block, after) = _counts[middle] <= index ? (middle, after) : (block, middle);
            }

            var left = index - _counts[block];
            var word = block * WordsPerBlock;
            for (int count; (count = BitOperations.PopCount(_words[word])) <= left; word++)
            {
                left -= count;
            }

            var bits = _words[word];
            for (; left > 0; left--)
            {
                bits &= bits - 1;
            }

            return ((long)word << 6) + BitOperations.TrailingZeroCount(bits);
        }
    }
}
