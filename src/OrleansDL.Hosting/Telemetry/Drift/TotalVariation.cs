namespace OrleansDL.Telemetry.Drift;

/// <summary>Total variation distance: the share of the mass that has to move, between 0 and 1.</summary>
public static class TotalVariation
{
    public static double Distance(IReadOnlyList<double> reference, IReadOnlyList<double> current)
    {
        Shares.CheckSameLength(reference, current);
        return reference.Zip(current, (p, q) => Math.Abs(p - q)).Sum() / 2;
    }
}
