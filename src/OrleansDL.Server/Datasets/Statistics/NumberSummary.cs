using System.Numerics;
using System.Runtime.InteropServices;
using OrleansDL.Telemetry;

namespace OrleansDL.Datasets.Statistics;

/// <summary>Count, extremes, mean and sum of squared deviations of a column of numbers, taken in blocks so that the common case is one store.</summary>
internal sealed class NumberSummary
{
    private const int Block = 256;

    private readonly double[] _block = new double[Block];
    private int _used;
    private long _count;
    private double _min = double.PositiveInfinity;
    private double _max = double.NegativeInfinity;
    private double _mean;
    private double _m2;

    /// <summary>Where numbers are added to from now on, once the column has too many values to count each.</summary>
    public DDSketch? Distribution { get; set; }

    /// <summary>Numbers taken in so far.</summary>
    public long Count => _count + _used;

    public void Add(double value)
    {
        _block[_used++] = value;
        if (_used == Block)
        {
            Flush();
        }
    }

    /// <summary>Null before the first number.</summary>
    public (double Min, double Max, double Mean, double M2)? Finish()
    {
        Flush();
        return _count == 0 ? null : (_min, _max, _mean, _m2);
    }

    /// <summary>Joins two summaries exactly (Chan, Golub and LeVeque 1979).</summary>
    public static (double Mean, double M2) Merge(long countA, double meanA, double m2A, long countB, double meanB, double m2B)
    {
        var count = (double)(countA + countB);
        var delta = meanB - meanA;
        return (meanA + (delta * (countB / count)), m2A + m2B + (delta * delta * (countA * (countB / count))));
    }

    /// <summary>Takes in what waits in the block.</summary>
    public void Flush()
    {
        if (_used == 0)
        {
            return;
        }

        var values = _block.AsSpan(0, _used);
        if (Distribution is { } distribution)
        {
            foreach (var value in values)
            {
                distribution.Add(value);
            }
        }

        var vectors = MemoryMarshal.Cast<double, Vector<double>>(values);
        var (sums, mins, maxs) = (Vector<double>.Zero, new Vector<double>(_min), new Vector<double>(_max));
        foreach (var vector in vectors)
        {
            sums += vector;
            mins = Vector.Min(mins, vector);
            maxs = Vector.Max(maxs, vector);
        }

        var sum = Vector.Sum(sums);
        for (var i = 0; i < Vector<double>.Count; i++)
        {
            _min = Math.Min(_min, mins[i]);
            _max = Math.Max(_max, maxs[i]);
        }

        var rest = values[(vectors.Length * Vector<double>.Count)..];
        foreach (var value in rest)
        {
            sum += value;
            _min = Math.Min(_min, value);
            _max = Math.Max(_max, value);
        }

        var mean = sum / _used;
        var means = new Vector<double>(mean);
        var squares = Vector<double>.Zero;
        foreach (var vector in vectors)
        {
            squares += (vector - means) * (vector - means);
        }

        var m2 = Vector.Sum(squares);
        foreach (var value in rest)
        {
            m2 += (value - mean) * (value - mean);
        }

        (_mean, _m2) = _count == 0 ? (mean, m2) : Merge(_count, _mean, _m2, _used, mean, m2);
        _count += _used;
        _used = 0;
    }
}
