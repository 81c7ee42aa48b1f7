using System.Numerics;

namespace OrleansDL.Telemetry;

/// <summary>Counts by bin index, dense between the lowest and the highest. Over the cap the lowest bins become one.</summary>
internal sealed class BinStore
{
    private const int SmallestSize = 64;

    private long[] _counts = [];
    private int _first;

    public long Total { get; private set; }
    public int Lowest { get; private set; }
    public int Highest { get; private set; }

    public long this[int index] => _counts[index - _first];

    public void Add(int index, long count)
    {
        if (Total == 0)
        {
            Restart(index);
        }
        else if (index < Lowest || index > Highest)
        {
            Cover(index);
        }

        _counts[Math.Max(index, Lowest) - _first] += count;
        Total += count;
    }

    public void Merge(BinStore other)
    {
        if (other.Total == 0)
        {
            return;
        }

        // The highest first: what has to collapse then collapses once.
        for (var index = other.Highest; index >= other.Lowest; index--)
        {
            if (other[index] is > 0 and var count)
            {
                Add(index, count);
            }
        }
    }

    private void Restart(int index)
    {
        _counts = new long[SmallestSize];
        _first = index - SmallestSize / 2;
        Lowest = Highest = index;
    }

    private void Cover(int index)
    {
        var highest = Math.Max(index, Highest);
        var lowest = Math.Max(Math.Min(index, Lowest), highest - DDSketch.MaximumBins + 1);
        var collapsed = 0L;
        for (var low = Lowest; low < lowest && low <= Highest; low++)
        {
            collapsed += _counts[low - _first];
            _counts[low - _first] = 0;
        }

        if (lowest < _first || highest >= _first + _counts.Length)
        {
            Move(lowest, highest);
        }

        Lowest = lowest;
        Highest = highest;
        _counts[lowest - _first] += collapsed;
    }

    private void Move(int lowest, int highest)
    {
        var span = highest - lowest + 1;
        var size = (int)Math.Min(DDSketch.MaximumBins, BitOperations.RoundUpToPowerOf2((uint)Math.Max(SmallestSize, span)));
        var counts = new long[size];
        var first = lowest - (size - span) / 2;
        var kept = Math.Max(Lowest, lowest);
        if (kept <= Highest)
        {
            Array.Copy(_counts, kept - _first, counts, kept - first, Highest - kept + 1);
        }

        _counts = counts;
        _first = first;
    }
}
