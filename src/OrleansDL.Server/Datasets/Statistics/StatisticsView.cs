using System.Globalization;
using OrleansDL.Telemetry;

namespace OrleansDL.Datasets.Statistics;

/// <summary>What people are shown of a column: quantiles, a histogram, the top values and so on, worked out from the counts or the sketches.</summary>
internal static class StatisticsView
{
    private const int Bins = 20;

    public static ColumnStatistics Describe(ColumnStatistics column)
    {
        var known = new ColumnSketch(column, column.Type);
        var distinct = column.Values is { } values ? values.Count : known.Distinct?.Estimate() is { } estimate ? Math.Min(estimate, column.Count) : (long?)null;
        return column with
        {
            Distinct = column.Type is ColumnType.Image or ColumnType.Tensor ? null : distinct,
            Quantiles = column.Values is { } counts && known.Numbers is { Count: > 0 } ? Exact(counts) : OfSketch(known.Numbers),
            Histogram = known.Numbers is { Count: > 0 } ? HistogramOf(column, known.Numbers) : null,
            Top = known.Top is { Count: > 0 } ? TopOf(known.Top) : null,
            TopError = known.Top is { Count: > 0 } ? known.TopError : null,
            Text = LengthOf(known.Characters) is { } characters && LengthOf(known.Words) is { } words ? new TextStatistics { Characters = characters, Words = words } : null,
            Image = LengthOf(known.Widths) is { } width && LengthOf(known.Heights) is { } height ? new ImageStatistics { Width = width, Height = height } : null,
            Balance = column is { Values.Count: > 1, Type: not ColumnType.Float64 } ? Balance(column.Values) : null,
            Sketches = null,
        };
    }

    private static ValueCount[] TopOf(Dictionary<string, long> counts) => counts
        .OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Take(ColumnStatistics.MaximumTop)
        .Select(pair => new ValueCount { Value = pair.Key, Count = pair.Value }).ToArray();

    private static Quantiles? OfSketch(DDSketch? sketch) => sketch is { Count: > 0 } ? Of(rank => sketch.Quantile(rank)!.Value) : null;

    private static Quantiles Of(Func<double, double> at) => new()
    {
        P1 = at(0.01),
        P5 = at(0.05),
        P25 = at(0.25),
        P50 = at(0.5),
        P75 = at(0.75),
        P95 = at(0.95),
        P99 = at(0.99),
    };

    // The value between two neighbours is drawn on the line between them (Hyndman and Fan's type 7).
    private static Quantiles Exact(IReadOnlyDictionary<string, long> counts)
    {
        var sorted = counts.Select(pair => (Value: double.Parse(pair.Key, CultureInfo.InvariantCulture), pair.Value)).OrderBy(pair => pair.Value).ToArray();
        var total = sorted.Sum(pair => pair.Item2);
        return Of(rank =>
        {
            var position = rank * (total - 1);
            var (low, high) = (At((long)Math.Floor(position)), At((long)Math.Ceiling(position)));
            return low + ((high - low) * (position - Math.Floor(position)));
        });

        double At(long index)
        {
            foreach (var (value, count) in sorted)
            {
                if ((index -= count) < 0)
                {
                    return value;
                }
            }

            return sorted[^1].Value;
        }
    }

    private static Histogram? HistogramOf(ColumnStatistics column, DDSketch sketch)
    {
        var (min, max) = (column.Min ?? sketch.Minimum, column.Max ?? sketch.Maximum);
        var width = (max - min) / Bins;
        if (!double.IsFinite(width))
        {
            return null;
        }

        var bins = width > 0 ? Bins : 1;
        var counts = new long[bins];
        var values = column.Values is { } exact
            ? exact.Select(pair => (Value: double.Parse(pair.Key, CultureInfo.InvariantCulture), Count: pair.Value))
            : sketch.Bins();
        foreach (var (value, count) in values)
        {
            counts[width > 0 ? (int)Math.Clamp((value - min) / width, 0, bins - 1) : 0] += count;
        }

        return new Histogram { Edges = Enumerable.Range(0, bins + 1).Select(i => i == bins ? max : min + (i * width)).ToArray(), Counts = counts };
    }

    private static LengthStatistics? LengthOf(DDSketch? sketch) => sketch is { Count: > 0 }
        ? new LengthStatistics { Min = sketch.Minimum, Max = sketch.Maximum, Mean = sketch.Sum / sketch.Count, Quantiles = OfSketch(sketch)! }
        : null;

    private static LabelBalance Balance(IReadOnlyDictionary<string, long> values)
    {
        var total = (double)values.Values.Sum();
        return new LabelBalance
        {
            Classes = values.Count,
            SmallestShare = values.Values.Min() / total,
            LargestShare = values.Values.Max() / total,
            Evenness = -values.Values.Sum(count => count / total * Math.Log(count / total)) / Math.Log(values.Count),
        };
    }
}
