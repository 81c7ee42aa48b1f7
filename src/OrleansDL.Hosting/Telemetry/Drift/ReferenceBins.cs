namespace OrleansDL.Telemetry.Drift;

/// <summary>Bins that are fitted once, on the reference, so that later distances are comparable. Bin i reaches over (edge i-1, edge i]; the outer two are open.</summary>
public sealed class ReferenceBins
{
    /// <summary>As many bins of equal mass as a numeric column is cut into.</summary>
    public const int Usual = 10;

    private ReferenceBins(double[] edges) => Edges = edges;

    /// <summary>The inner edges, ascending: one fewer than bins.</summary>
    public IReadOnlyList<double> Edges { get; }

    public int Count => Edges.Count + 1;

    /// <summary>Fits bins of equal mass on sorted values: their quantiles (Hyndman and Fan's type 7), equal ones once.</summary>
    public static ReferenceBins Fit(ReadOnlySpan<double> sorted, int bins = Usual)
    {
        var edges = new List<double>();
        for (var i = 1; i < bins; i++)
        {
            var position = (sorted.Length - 1) * (double)i / bins;
            var low = (int)Math.Floor(position);
            var edge = low + 1 < sorted.Length ? sorted[low] + ((sorted[low + 1] - sorted[low]) * (position - low)) : sorted[low];
            if (edges.Count == 0 || edge > edges[^1])
            {
                edges.Add(edge);
            }
        }

        return new ReferenceBins([.. edges]);
    }

    /// <summary>
    /// Fits bins on a sketch, with edges on the sketch's own grid, so that every sketch is counted into them exactly.
    /// A grid bin that alone holds the mass of a bin becomes one of its own.
    /// </summary>
    public static ReferenceBins Fit(DDSketch reference, int bins = Usual)
    {
        var edges = new List<double>();
        var share = (double)reference.Count / bins;
        var (filled, previous) = (0L, (double?)null);
        foreach (var (value, count) in reference.Bins())
        {
            if (count >= share && filled > 0)
            {
                edges.Add(previous!.Value);
                filled = 0;
            }

            filled += count;
            previous = value;
            if (filled >= share)
            {
                edges.Add(value);
                filled = 0;
            }
        }

        // Values greater than all of the reference share its last bin.
        if (edges.Count > 1 && filled == 0)
        {
            edges.RemoveAt(edges.Count - 1);
        }

        return new ReferenceBins([.. edges]);
    }

    public long[] CountOf(ReadOnlySpan<double> values)
    {
        var counts = new long[Count];
        foreach (var value in values)
        {
            counts[BinOf(value)]++;
        }

        return counts;
    }

    public long[] CountOf(DDSketch sketch)
    {
        var counts = new long[Count];
        foreach (var (value, count) in sketch.Bins())
        {
            counts[BinOf(value)] += count;
        }

        return counts;
    }

    private int BinOf(double value)
    {
        var edges = (double[])Edges;
        var found = Array.BinarySearch(edges, value);
        return found >= 0 ? found : ~found;
    }
}
