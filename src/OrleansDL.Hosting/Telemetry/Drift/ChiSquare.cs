namespace OrleansDL.Telemetry.Drift;

/// <summary>The chi-square law, and the test that two rows of counts share one distribution.</summary>
public static class ChiSquare
{
    /// <summary>Chi-square test of homogeneity. Columns that are empty on both sides are left out; those with an expected count below 5 are joined.</summary>
    /// <returns>The statistic, its degrees of freedom, and how likely so great a one is without drift.</returns>
    public static (double Statistic, int Degrees, double PValue) Homogeneity(IReadOnlyList<long> reference, IReadOnlyList<long> current)
    {
        var (n, m) = ((double)reference.Sum(), (double)current.Sum());
        var columns = reference.Zip(current).Where(pair => pair.First + pair.Second > 0).Select(pair => ((double)pair.First, (double)pair.Second)).ToList();
        var least = Math.Min(n, m) / (n + m);
        var small = columns.Where(column => (column.Item1 + column.Item2) * least < 5).ToList();
        if (small.Count > 1)
        {
            columns = [.. columns.Except(small), (small.Sum(column => column.Item1), small.Sum(column => column.Item2))];
        }

        if (columns.Count < 2)
        {
            return (0, 0, 1);
        }

        var statistic = 0.0;
        foreach (var (first, second) in columns)
        {
            var total = first + second;
            var (expectedFirst, expectedSecond) = (total * n / (n + m), total * m / (n + m));
            statistic += ((first - expectedFirst) * (first - expectedFirst) / expectedFirst) + ((second - expectedSecond) * (second - expectedSecond) / expectedSecond);
        }

        return (statistic, columns.Count - 1, Survival(statistic, columns.Count - 1));
    }

    /// <summary>The probability of a value above this one.</summary>
    public static double Survival(double value, int degrees) => value <= 0 ? 1 : GammaFunction.UpperRegularized(degrees / 2.0, value / 2);

    /// <summary>The value that is exceeded with this probability.</summary>
    public static double Quantile(double probability, int degrees)
    {
        if (!(probability is > 0 and < 1) || degrees < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(probability), $"Of {degrees} degrees of freedom, no value is exceeded with probability {probability}.");
        }

        var (low, high) = (0.0, degrees + 10.0);
        while (Survival(high, degrees) > probability)
        {
            high *= 2;
        }

        // Sixty halvings are as exact as a double.
        for (var i = 0; i < 60; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = Survival(middle, degrees) > probability ? (middle, high) : (low, middle);
        }

        return (low + high) / 2;
    }
}
