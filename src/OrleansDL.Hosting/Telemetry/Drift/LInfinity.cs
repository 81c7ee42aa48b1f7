namespace OrleansDL.Telemetry.Drift;

/// <summary>The greatest difference of one bin's share.</summary>
public static class LInfinity
{
    public static double Distance(IReadOnlyList<double> reference, IReadOnlyList<double> current)
    {
        Shares.CheckSameLength(reference, current);
        return reference.Zip(current, (p, q) => Math.Abs(p - q)).DefaultIfEmpty().Max();
    }
}
