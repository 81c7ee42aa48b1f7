using System.Globalization;

namespace OrleansDL.Serving;

/// <summary>What a residency must keep to.</summary>
public static class ResidencySpecRules
{
    private const int MaximumReplicas = 64;
    private const int MaximumIdleSeconds = 31_536_000;
    private const int MaximumQueueTarget = 60_000;

    /// <exception cref="InvalidException">The message begins with the JSON path of what is wrong.</exception>
    public static void Check(ResidencySpec residency)
    {
        Check(residency.IdleSeconds, 0, MaximumIdleSeconds, "idleSeconds");
        Check(residency.MinimumReplicas, 0, MaximumReplicas, "minimumReplicas");
        Check(residency.MaximumReplicas, Math.Max(1, residency.MinimumReplicas), MaximumReplicas, "maximumReplicas");
        Check(residency.QueueTargetMilliseconds, 1, MaximumQueueTarget, "queueTargetMilliseconds");
    }

    private static void Check(int value, int least, int most, string field)
    {
        if (value < least || value > most)
        {
            throw new InvalidException(string.Create(CultureInfo.InvariantCulture, $"residency.{field} is {value}. Give a number from {least} to {most}."));
        }
    }
}
