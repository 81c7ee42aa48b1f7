using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Serving.Repository;

/// <summary>A model's configuration as the terms of a deployment.</summary>
internal static class ConfigSpec
{
    private const int Unbounded = 1_000_000;

    /// <summary>Numbers of the versions that the policy chooses. One that it names and that is not there is passed over, as the reference server does.</summary>
    /// <exception cref="InvalidException">None is left.</exception>
    public static IReadOnlyList<long> Choose(ModelConfig config, IEnumerable<long> numbers)
    {
        var known = numbers.OrderDescending().ToList();
        var policy = config.VersionPolicy;
        var chosen = policy?.PolicyChoiceCase switch
        {
            ModelVersionPolicy.PolicyChoiceOneofCase.All => known,
            ModelVersionPolicy.PolicyChoiceOneofCase.Specific => [.. known.Intersect(policy.Specific.Versions)],
            ModelVersionPolicy.PolicyChoiceOneofCase.Latest => known[..(int)Math.Min(Math.Max(1, policy.Latest.NumVersions), known.Count)],
            _ => known[..Math.Min(1, known.Count)],
        };
        return chosen.Count is > 0 and <= VersionPolicyRules.MaximumVersions
            ? chosen
            : throw new InvalidException(chosen.Count == 0
                ? $"at least one version must be available under the version policy of model '{config.Name}'"
                : $"model '{config.Name}' would serve {chosen.Count} versions; {VersionPolicyRules.MaximumVersions} are served at most");
    }

    /// <summary>How requests are run together; null without <c>dynamic_batching</c>.</summary>
    /// <exception cref="InvalidException">A number is out of range.</exception>
    public static BatchingSpec? Batching(ModelConfig config)
    {
        if (config.DynamicBatching is not { } batching)
        {
            return null;
        }

        var queue = batching.DefaultQueuePolicy;
        var spec = new BatchingSpec
        {
            MaximumBatchSize = config.MaxBatchSize,
            PreferredBatchSizes = [.. batching.PreferredBatchSize.Distinct().Order()],
            MaximumDelayMicroseconds = Number(batching.MaxQueueDelayMicroseconds),
            PreserveOrdering = batching.PreserveOrdering,
            PriorityLevels = (int)Math.Min(Math.Max(1, batching.PriorityLevels), int.MaxValue),
            DefaultPriority = (int)Math.Min(batching.DefaultPriorityLevel, int.MaxValue),
            MaximumQueue = queue is null or { MaxQueueSize: 0 } ? Unbounded : (int)Math.Min(queue.MaxQueueSize, Unbounded),
            TimeoutMicroseconds = Number(queue?.DefaultTimeoutMicroseconds ?? 0),
            TimeoutAction = queue?.TimeoutAction is ModelQueuePolicy.Types.TimeoutAction.Delay ? QueueTimeoutAction.Delay : QueueTimeoutAction.Reject,
            AllowTimeoutOverride = queue?.AllowTimeoutOverride ?? true,
            Instances = config.InstanceGroup.Sum(group => group.Count),
            PriorityPolicies = batching.PriorityQueuePolicy.Count == 0 ? null : batching.PriorityQueuePolicy.ToDictionary(policy => (int)Math.Min(policy.Key, int.MaxValue), policy => PolicyOf(policy.Value)),
        };
        BatchingSpecRules.Check(spec);
        return spec;
    }

    private static QueuePolicy PolicyOf(ModelQueuePolicy policy) => new()
    {
        MaximumQueue = (int)Math.Min(policy.MaxQueueSize, Unbounded),
        TimeoutMicroseconds = Number(policy.DefaultTimeoutMicroseconds),
        TimeoutAction = policy.TimeoutAction is ModelQueuePolicy.Types.TimeoutAction.Delay ? QueueTimeoutAction.Delay : QueueTimeoutAction.Reject,
        AllowTimeoutOverride = policy.AllowTimeoutOverride,
    };

    private static long Number(ulong value) => (long)Math.Min(value, long.MaxValue);
}
