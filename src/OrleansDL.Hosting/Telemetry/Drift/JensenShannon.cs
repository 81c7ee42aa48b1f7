namespace OrleansDL.Telemetry.Drift;

/// <summary>Jensen-Shannon distance with logarithms to base 2: 0 for equal shares, 1 for shares that nowhere overlap. No smoothing.</summary>
public static class JensenShannon
{
    public static double Distance(IReadOnlyList<double> reference, IReadOnlyList<double> current)
    {
        Shares.CheckSameLength(reference, current);
        var sum = 0.0;
        for (var i = 0; i < reference.Count; i++)
        {
            var (p, q) = (reference[i], current[i]);
            var middle = (p + q) / 2;
            sum += Term(p, middle) + Term(q, middle);
        }

        return Math.Sqrt(Math.Max(0, sum / 2));

        static double Term(double share, double middle) => share == 0 ? 0 : share * Math.Log2(share / middle);
    }
}
