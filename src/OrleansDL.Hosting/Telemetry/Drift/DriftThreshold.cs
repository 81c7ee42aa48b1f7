namespace OrleansDL.Telemetry.Drift;

/// <summary>How great a distance chance alone makes. Without drift the index follows (1/n + 1/m) times a chi-square law with one degree of freedom per bin but one.</summary>
public static class DriftThreshold
{
    /// <summary>How often chance alone is let through.</summary>
    public const double Alpha = 0.01;

    /// <summary>Fewer values per bin say nothing.</summary>
    public const int ValuesPerBin = 10;

    /// <summary>Whether so many values fill so many bins.</summary>
    public static bool IsEnough(long values, int bins) => values >= (long)ValuesPerBin * bins;

    /// <summary>The population stability index that chance alone exceeds with probability <paramref name="alpha"/>.</summary>
    public static double Stability(int bins, long reference, long current, double alpha = Alpha) =>
        bins < 2 ? double.PositiveInfinity : ChiSquare.Quantile(alpha, bins - 1) * ((1.0 / reference) + (1.0 / current));

    /// <summary>The same for counts in hand. Below 200 values the law is a little optimistic, and the threshold is found by dealing the values out anew.</summary>
    public static double Stability(IReadOnlyList<long> reference, IReadOnlyList<long> current, double alpha = Alpha) =>
        Math.Min(reference.Sum(), current.Sum()) < Permutation.Below
            ? Permutation.Threshold(reference, current, PopulationStability.Index, alpha)
            : Stability(reference.Count, reference.Sum(), current.Sum(), alpha);

    /// <summary>The Jensen-Shannon distance for counts in hand.</summary>
    public static double JensenShannon(IReadOnlyList<long> reference, IReadOnlyList<long> current, double alpha = Alpha) =>
        Math.Min(reference.Sum(), current.Sum()) < Permutation.Below
            ? Permutation.Threshold(reference, current, Drift.JensenShannon.Distance, alpha)
            : JensenShannon(reference.Zip(current).Count(pair => pair.First + pair.Second > 0), reference.Sum(), current.Sum(), alpha);

    /// <summary>The Jensen-Shannon distance that chance alone exceeds with probability <paramref name="alpha"/>.</summary>
    public static double JensenShannon(int bins, long reference, long current, double alpha = Alpha) =>
        Math.Sqrt(Stability(bins, reference, current, alpha) / (8 * Math.Log(2)));
}
