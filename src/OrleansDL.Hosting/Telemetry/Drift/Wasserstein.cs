namespace OrleansDL.Telemetry.Drift;

/// <summary>Wasserstein distance of order one: how far the values move on average, in their own unit.</summary>
public static class Wasserstein
{
    /// <param name="reference">Sorted.</param>
    /// <param name="current">Sorted.</param>
    public static double Distance(ReadOnlySpan<double> reference, ReadOnlySpan<double> current)
    {
        if (reference.IsEmpty || current.IsEmpty)
        {
            throw new ArgumentException("A distance needs values on both sides.", nameof(current));
        }

        var (i, j, sum) = (0, 0, 0.0);
        var last = Math.Min(reference[0], current[0]);
        while (i < reference.Length || j < current.Length)
        {
            var next = j == current.Length || (i < reference.Length && reference[i] <= current[j]) ? reference[i] : current[j];
            sum += (next - last) * Math.Abs(((double)i / reference.Length) - ((double)j / current.Length));
            last = next;
            if (i < reference.Length && reference[i] == next)
            {
                i++;
            }
            else
            {
                j++;
            }
        }

        return sum;
    }

    /// <summary>The distance in standard deviations of the reference.</summary>
    public static double Normed(ReadOnlySpan<double> reference, ReadOnlySpan<double> current)
    {
        var mean = 0.0;
        foreach (var value in reference)
        {
            mean += value / reference.Length;
        }

        var variance = 0.0;
        foreach (var value in reference)
        {
            variance += (value - mean) * (value - mean) / reference.Length;
        }

        return Distance(reference, current) / Math.Max(Math.Sqrt(variance), 0.001);
    }
}
