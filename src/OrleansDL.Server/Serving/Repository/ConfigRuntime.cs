using System.Globalization;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Serving.Repository;

/// <summary>What a configuration's <c>parameters</c>, <c>optimization</c> and optional inputs say to ONNX Runtime.</summary>
internal static class ConfigRuntime
{
    private const int GreatestThreads = 256;

    /// <summary>The settings; null where nothing is said.</summary>
    /// <exception cref="InvalidException">A value is out of its range.</exception>
    public static RuntimeSettings? Of(ModelConfig config)
    {
        var entries = config.Parameters.Where(parameter => parameter.Key.StartsWith("session.", StringComparison.Ordinal)).ToDictionary(parameter => parameter.Key, parameter => parameter.Value.StringValue);
        List<string> optional = [.. config.Input.Where(input => input.Optional).Select(input => input.Name)];
        var settings = new RuntimeSettings
        {
            IntraOpThreads = Number(config, "intra_op_thread_count", GreatestThreads),
            InterOpThreads = Number(config, "inter_op_thread_count", GreatestThreads),
            RunsParallel = Number(config, "execution_mode", 1) == 1,
            MemoryArena = Number(config, "enable_mem_arena", 1) is { } arena ? arena == 1 : null,
            MemoryPattern = Number(config, "enable_mem_pattern", 1) is { } pattern ? pattern == 1 : null,
            GraphLevel = config.Optimization?.Graph?.Level ?? 0,
            Entries = entries.Count > 0 ? entries : null,
            OptionalInputs = optional.Count > 0 ? optional : null,
        };
        return settings.GraphLevel is < -1 or > 2
            ? throw new InvalidException($"optimization.graph.level is {settings.GraphLevel}. Levels: -1 basic, 1 extended, 2 none; leave it out for all.")
            : settings == new RuntimeSettings() ? null : settings;
    }

    private static int? Number(ModelConfig config, string name, int greatest)
    {
        if (!config.Parameters.TryGetValue(name, out var parameter))
        {
            return null;
        }

        return int.TryParse(parameter.StringValue, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= greatest
            ? number
            : throw new InvalidException($"parameters.{name} is '{parameter.StringValue}'. Give an integer from 0 to {greatest}.");
    }
}
