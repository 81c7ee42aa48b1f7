namespace OrleansDL.Telemetry.Drift;

/// <summary>Hellinger distance: 0 for equal shares, 1 for shares that nowhere overlap.</summary>
public static class Hellinger
{
    public static double Distance(IReadOnlyList<double> reference, IReadOnlyList<double> current)
    {
        Shares.CheckSameLength(reference, current);
        return Math.Sqrt(reference.Zip(current, (p, q) => Math.Pow(Math.Sqrt(p) - Math.Sqrt(q), 2)).Sum() / 2);
    }
}
