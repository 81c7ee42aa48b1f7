using System.Numerics;

namespace OrleansDL.Datasets.Selection;

/// <summary>Which rows of one file are taken, a bit each.</summary>
internal sealed class RowMask(long rows)
{
    private readonly ulong[] _words = new ulong[(rows + 63) / 64];

    public long Count => _words.Sum(word => (long)BitOperations.PopCount(word));

    public bool this[long row] => (_words[row >> 6] >> (int)(row & 63) & 1) != 0;

    public void Add(long row) => _words[row >> 6] |= 1UL << (int)(row & 63);

    /// <summary>How many of some rows are taken.</summary>
    public long CountOf(long first, long count)
    {
        long found = 0;
        for (var row = first; row < first + count; row++)
        {
            if ((row & 63) == 0 && row + 64 <= first + count)
            {
                found += BitOperations.PopCount(_words[row >> 6]);
                row += 63;
                continue;
            }

            found += this[row] ? 1 : 0;
        }

        return found;
    }
}
