using System.Globalization;

namespace OrleansDL.Serving;

/// <summary>What a batching spec must keep to.</summary>
public static class BatchingSpecRules
{
    /// <exception cref="InvalidException">The message begins with the JSON path of what is wrong.</exception>
    public static void Check(BatchingSpec spec)
    {
        Range("maximumBatchSize", spec.MaximumBatchSize, 1, 1024);
        Range("maximumDelayMicroseconds", spec.MaximumDelayMicroseconds, 0, 86_400_000_000);
        Range("priorityLevels", spec.PriorityLevels, 1, 64);
        Range("defaultPriority", spec.DefaultPriority, 0, spec.PriorityLevels);
        Range("maximumQueue", spec.MaximumQueue, 1, 1_000_000);
        Range("timeoutMicroseconds", spec.TimeoutMicroseconds, 0, 86_400_000_000);
        Range("instances", spec.Instances, 0, 256);
        Range("preferredBatchSizes.length", spec.PreferredBatchSizes.Count, 0, 64);
        var before = 0;
        foreach (var (index, size) in spec.PreferredBatchSizes.Index())
        {
            Range($"preferredBatchSizes[{index}]", size, before + 1, spec.MaximumBatchSize);
            before = size;
        }

        foreach (var (level, policy) in spec.PriorityPolicies ?? new Dictionary<int, QueuePolicy>())
        {
            Range("priorityPolicies, a level", level, 1, spec.PriorityLevels);
            Range($"priorityPolicies[{level}].maximumQueue", policy.MaximumQueue, 0, 1_000_000);
            Range($"priorityPolicies[{level}].timeoutMicroseconds", policy.TimeoutMicroseconds, 0, 86_400_000_000);
            Require(Enum.IsDefined(policy.TimeoutAction), $"batching.priorityPolicies[{level}].timeoutAction '{policy.TimeoutAction}' is unknown. Actions: reject, delay.");
        }

        Require(Enum.IsDefined(spec.TimeoutAction), $"batching.timeoutAction '{spec.TimeoutAction}' is unknown. Actions: reject, delay.");
        Require(!spec.Adaptive || spec.MaximumDelayMicroseconds > 0, "batching.adaptive chooses a wait up to batching.maximumDelayMicroseconds, which is 0. Give it, for example 5000.");
    }

    private static void Range(string field, long value, long least, long greatest) => Require(
        value >= least && value <= greatest,
        string.Create(CultureInfo.InvariantCulture, $"batching.{field} is {value}. Give a number from {least} to {greatest}."));

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new InvalidException(message);
        }
    }
}
