namespace OrleansDL.Telemetry.Drift;

/// <summary>Finds a distance's threshold by dealing the values of both sides out anew, many times: what the 99th of a hundred deals reaches is chance.</summary>
/// <remarks>The deals come from a fixed seed, so that the same counts have the same threshold everywhere.</remarks>
public static class Permutation
{
    /// <summary>From so many values on both sides the chi-square law is exact enough.</summary>
    public const int Below = 200;

    private const int Deals = 500;

    public static double Threshold(
        IReadOnlyList<long> reference, IReadOnlyList<long> current, Func<IReadOnlyList<double>, IReadOnlyList<double>, double> distance, double alpha)
    {
        // The smaller side is drawn from the pool without putting back; the larger one is what stays.
        var (smaller, larger) = reference.Sum() <= current.Sum() ? (reference, current) : (current, reference);
        var pool = reference.Zip(current, (n, m) => n + m).ToArray();
        var state = 0x4F444CUL;
        var found = new double[Deals];
        for (var deal = 0; deal < Deals; deal++)
        {
            var left = (long[])pool.Clone();
            var drawn = new long[pool.Length];
            var total = left.Sum();
            for (var i = smaller.Sum(); i > 0; i--)
            {
                var place = (long)(Next(ref state) * total);
                var bin = 0;
                while (place >= left[bin])
                {
                    place -= left[bin++];
                }

                left[bin]--;
                drawn[bin]++;
                total--;
            }

            found[deal] = larger == current ? distance(Shares.Of(drawn), Shares.Of(left)) : distance(Shares.Of(left), Shares.Of(drawn));
        }

        Array.Sort(found);
        return found[(int)Math.Ceiling((1 - alpha) * Deals) - 1];
    }

    // SplitMix64, as a number in [0, 1).
    private static double Next(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        var z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }
}
