namespace OrleansDL.Telemetry.Drift;

/// <summary>Population stability index: the sum over bins of (P - Q) ln(P / Q), shares smoothed. By convention below 0.1 is none, up to 0.25 moderate, more is large.</summary>
public static class PopulationStability
{
    public static double Index(IReadOnlyList<double> reference, IReadOnlyList<double> current)
    {
        Shares.CheckSameLength(reference, current);
        return Shares.Smooth(reference).Zip(Shares.Smooth(current), (p, q) => (p - q) * Math.Log(p / q)).Sum();
    }
}
