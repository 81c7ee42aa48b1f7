namespace OrleansDL.Telemetry.Drift;

/// <summary>Counts per bin as shares of their sum.</summary>
public static class Shares
{
    /// <summary>The least share a bin is taken to have where a logarithm is drawn.</summary>
    public const double Floor = 1e-4;

    /// <exception cref="ArgumentException">There is nothing to share out.</exception>
    public static double[] Of(IReadOnlyList<long> counts)
    {
        var total = (double)counts.Sum();
        return total > 0 ? [.. counts.Select(count => count / total)] : throw new ArgumentException("The counts are all zero.", nameof(counts));
    }

    /// <summary>Lifts every share to the floor, and scales so that they sum to one again.</summary>
    public static double[] Smooth(IReadOnlyList<double> shares)
    {
        var lifted = shares.Select(share => Math.Max(share, Floor)).ToArray();
        var total = lifted.Sum();
        return [.. lifted.Select(share => share / total)];
    }

    internal static void CheckSameLength(IReadOnlyList<double> reference, IReadOnlyList<double> current)
    {
        if (reference.Count != current.Count)
        {
            throw new ArgumentException($"{reference.Count} bins cannot be compared with {current.Count}.", nameof(current));
        }
    }
}
