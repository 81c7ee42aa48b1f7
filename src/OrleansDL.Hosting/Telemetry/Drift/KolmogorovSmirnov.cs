namespace OrleansDL.Telemetry.Drift;

/// <summary>Two-sample Kolmogorov-Smirnov test.</summary>
public static class KolmogorovSmirnov
{
    /// <summary>The greatest distance of the two empirical distribution functions.</summary>
    /// <param name="reference">Sorted.</param>
    /// <param name="current">Sorted.</param>
    public static double Distance(ReadOnlySpan<double> reference, ReadOnlySpan<double> current)
    {
        var (i, j, greatest) = (0, 0, 0.0);
        while (i < reference.Length && j < current.Length)
        {
            // Ties are passed on both sides before the functions are compared.
            var value = Math.Min(reference[i], current[j]);
            while (i < reference.Length && reference[i] <= value)
            {
                i++;
            }

            while (j < current.Length && current[j] <= value)
            {
                j++;
            }

            greatest = Math.Max(greatest, Math.Abs(((double)i / reference.Length) - ((double)j / current.Length)));
        }

        return greatest;
    }

    /// <summary>How likely so great a distance is without drift. Above 100,000 values any tiny shift is significant: judge the distance there.</summary>
    /// <param name="corrected">Stephens' correction for small samples; without it the asymptotic law.</param>
    public static double PValue(double distance, long reference, long current, bool corrected = true)
    {
        var root = Math.Sqrt((double)reference * current / (reference + current));
        return Survival((corrected ? root + 0.12 + (0.11 / root) : root) * distance);
    }

    // Two series of the same function, each taken where it converges fast.
    private static double Survival(double lambda)
    {
        if (lambda <= 0)
        {
            return 1;
        }

        var sum = 0.0;
        if (lambda < 1.18)
        {
            for (var j = 1; j <= 19; j += 2)
            {
                sum += Math.Exp(-j * j * Math.PI * Math.PI / (8 * lambda * lambda));
            }

            return Math.Clamp(1 - (Math.Sqrt(2 * Math.PI) / lambda * sum), 0, 1);
        }

        for (var k = 1; k <= 20; k++)
        {
            sum += (k % 2 == 1 ? 1 : -1) * Math.Exp(-2 * k * k * lambda * lambda);
        }

        return Math.Clamp(2 * sum, 0, 1);
    }
}
