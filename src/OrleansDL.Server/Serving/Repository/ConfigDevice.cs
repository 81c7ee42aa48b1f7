using System.Globalization;
using OrleansDL.Serving.Rpc.Wire;
using Kind = OrleansDL.Serving.Rpc.Wire.ModelInstanceGroup.Types.Kind;

namespace OrleansDL.Serving.Repository;

/// <summary>What a configuration's <c>instance_group</c> says of devices. A worker is one device: several GPUs are several workers.</summary>
internal static class ConfigDevice
{
    /// <summary>The device that its replicas need; null: any.</summary>
    /// <exception cref="InvalidException">The groups ask for more than one kind of device.</exception>
    public static string? Of(ModelConfig config)
    {
        var kinds = config.InstanceGroup.Select(group => group.Kind).Where(kind => kind is Kind.Gpu or Kind.Cpu).Distinct().ToList();
        ConfigRules.Refuse(kinds.Count > 1, "instance_group kinds KIND_GPU and KIND_CPU for one model");
        ConfigRules.Refuse(kinds is [Kind.Cpu] && Gpus(config).Count > 0, "instance_group gpus with KIND_CPU");
        return (kinds, Gpus(config)) switch
        {
            ([Kind.Cpu], _) => "cpu",
            ([], { Count: 0 }) => null,
            (_, [var only]) => string.Create(CultureInfo.InvariantCulture, $"cuda:{only}"),
            _ => "cuda",
        };
    }

    /// <summary>The workers that serve it, one for each GPU that is named; null when none or one is.</summary>
    public static int? Replicas(ModelConfig config) => Gpus(config) is { Count: > 1 and var gpus } ? gpus : null;

    private static List<int> Gpus(ModelConfig config) => [.. config.InstanceGroup.SelectMany(group => group.Gpus).Distinct()];
}
