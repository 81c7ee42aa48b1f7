using OrleansDL.Serving.Ensembles;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Serving.Repository;

/// <summary>A configuration of platform <c>ensemble</c> as the terms of a deployment.</summary>
internal static class ConfigEnsemble
{
    /// <summary>Before a step's model name: the parameter that has the step's condition, which the protocol's configuration has no field for.</summary>
    public const string When = "when:";

    public static bool Is(ModelConfig config) => config.Platform == "ensemble" || config.SchedulingChoiceCase is ModelConfig.SchedulingChoiceOneofCase.EnsembleScheduling;

    /// <exception cref="InvalidException">It asks for what is not there, or does not fit together.</exception>
    public static EnsembleSpec Of(ModelConfig config)
    {
        if (config.EnsembleScheduling is not { } scheduling)
        {
            throw new InvalidException($"must specify 'ensemble_scheduling' for model '{config.Name}' of platform 'ensemble'");
        }

        ConfigRules.Refuse(config.Backend.Length > 0, $"backend '{config.Backend}' of an ensemble");
        ConfigRules.Refuse(config.InstanceGroup.Count > 0, "instance_group of an ensemble (its steps' models have them)");
        ConfigRules.Refuse(scheduling.Step.Any(step => step.ModelNamespace.Length > 0), "ensemble_scheduling.step.model_namespace");
        var spec = new EnsembleSpec
        {
            Inputs = [.. config.Input.Select(input => Tensor(config, input.Name, input.DataType, input.Dims))],
            Outputs = [.. config.Output.Select(output => Tensor(config, output.Name, output.DataType, output.Dims))],
            Steps = [.. scheduling.Step.Select(step => new EnsembleStep
            {
                Deployment = step.ModelName,
                Version = step.ModelVersion > 0 ? step.ModelVersion : null,
                Inputs = step.InputMap.ToDictionary(),
                Outputs = step.OutputMap.ToDictionary(),
                When = config.Parameters.TryGetValue(When + step.ModelName, out var when) ? when.StringValue : null,
            })],
        };
        var unknown = config.Parameters.Keys.FirstOrDefault(key => key.StartsWith(When, StringComparison.Ordinal) && spec.Steps.All(step => When + step.Deployment != key));
        _ = unknown is null ? EnsemblePlan.Of(spec) : throw new InvalidException($"parameter '{unknown}' names no step of ensemble '{config.Name}'");
        return spec;
    }

    private static EnsembleTensor Tensor(ModelConfig config, string name, DataType type, IEnumerable<long> dims) => type is DataType.TypeInvalid
        ? throw new InvalidException($"model '{config.Name}', tensor '{name}': the configuration of an ensemble gives its data_type")
        : new EnsembleTensor { Name = name, Type = Rpc.ModelConfigs.TypeOf(type), Shape = config.MaxBatchSize > 0 ? [-1, .. dims] : [.. dims] };
}
