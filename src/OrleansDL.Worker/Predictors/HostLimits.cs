using System.Globalization;
using OrleansDL.Serving;

namespace OrleansDL.Predictors;

/// <summary>What a process of isolated models may take.</summary>
/// <param name="MemoryBytes">With all it starts; null: as much as there is.</param>
/// <param name="Cpus">Cores' worth of processor time; null: as much as there is.</param>
/// <param name="Setting">What whoever set the memory calls it.</param>
internal sealed record HostLimits(long? MemoryBytes, double? Cpus, string Setting)
{
    /// <summary>Those of a process that hosts what a project has.</summary>
    public static HostLimits Of(ExecutionOptions options) => new(options.IsolatedMemoryBytes, options.IsolatedCpus, "Serving:IsolatedMemoryBytes");

    /// <summary>Those of a deployment's own.</summary>
    public static HostLimits Of(ProcessSpec spec) => new(spec.MemoryBytes, spec.Cpus, "process.memoryBytes");

    /// <summary>How a process ended that went beyond its memory.</summary>
    public string TooMuchMemory => string.Create(CultureInfo.InvariantCulture, $"used more memory than its limit ({Setting} is {MemoryBytes}) and was ended");
}
