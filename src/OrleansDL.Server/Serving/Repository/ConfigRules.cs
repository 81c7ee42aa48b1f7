using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Serving.Repository;

/// <summary>What of a model's configuration is not served is refused by its name, rather than passed over.</summary>
internal static class ConfigRules
{
    private static readonly string[] RuntimeParameters =
        ["memory.enable_memory_arena_shrinkage"];

    /// <exception cref="InvalidException">The configuration asks for something that is not there.</exception>
    public static void Check(ModelConfig config)
    {
        if (!ConfigEnsemble.Is(config))
        {
            _ = Backend.Of(config);
        }

        Refuse(config.ModelTransactionPolicy?.Decoupled is true && config.Backend != Backend.Dotnet.Name, "model_transaction_policy.decoupled (of any backend but dotnet)");
        Refuse(config.ModelRepositoryAgents?.Agents.Count > 0, "model_repository_agents");
        Refuse(config.ModelOperations?.OpLibraryFilename.Count > 0, "model_operations");
        Refuse(config.CcModelFilenames.Count > 0, "cc_model_filenames");
        Statistics.MetricLabels.Check(config.MetricTags);
        Refuse(config.ModelMetrics?.MetricControl.Count > 0, "model_metrics");
        Refuse(config.Optimization?.ExecutionAccelerators is { } accelerators && accelerators.CpuExecutionAccelerator.Count + accelerators.GpuExecutionAccelerator.Count > 0, "optimization.execution_accelerators");
        foreach (var name in RuntimeParameters.Where(config.Parameters.ContainsKey))
        {
            Refuse(true, $"parameters.{name}");
        }

        foreach (var input in config.Input)
        {
            Refuse(input.IsShapeTensor, $"input '{input.Name}' is_shape_tensor");
        }

        foreach (var output in config.Output)
        {
            Refuse(output.IsShapeTensor, $"output '{output.Name}' is_shape_tensor");
        }

        foreach (var group in config.InstanceGroup)
        {
            Refuse(group.Count < 0, "instance_group count below 0");
            Refuse(group.RateLimiter is not null || group.Passive || group.Profile.Count > 0 || group.HostPolicy.Length > 0 || group.SecondaryDevices.Count > 0, "instance_group rate_limiter, passive, profile, host_policy, secondary_devices");
        }

        if (config.MaxBatchSize < 0)
        {
            throw new InvalidException($"max_batch_size is {config.MaxBatchSize}. Give a number from 0 on.");
        }
    }

    /// <exception cref="InvalidException">It is asked for.</exception>
    public static void Refuse(bool? asked, string what)
    {
        if (asked is true)
        {
            throw new InvalidException($"The configuration asks for {what}, which this server does not support.");
        }
    }
}
