using static OrleansDL.Training.SpecCheck;

namespace OrleansDL.Training;

/// <summary>What a pool's settings must keep to.</summary>
public static class PoolSettingsRules
{
    /// <exception cref="InvalidException">The message begins with the JSON path of what is wrong.</exception>
    public static void Check(PoolSettings settings)
    {
        Require(
            Enum.IsDefined(settings.Policy),
            $"policy '{settings.Policy}' is unknown. Policies: shortestRemaining, fifo, priority, fairShare, leastAttained.");
        Range("minimumRunSeconds", settings.MinimumRunSeconds, 0, 86_400);
        Range("restartFactor", settings.RestartFactor, 0, 1000);
        Range("patienceSeconds", settings.PatienceSeconds, 1, 31_536_000);
        Range("patienceFactor", settings.PatienceFactor, 0, 1000);
        foreach (var (project, weight) in settings.Weights)
        {
            Range($"weights.{project}", weight, 1e-3, 1e6);
        }

        foreach (var (project, quota) in settings.Quotas)
        {
            Range($"quotas.{project}.slots", quota.Slots, 0, 1_000_000);
            Range($"quotas.{project}.limit", quota.Limit, quota.Slots, 1_000_000);
        }
    }
}
