using System.ComponentModel.DataAnnotations;

namespace OrleansDL.Serving.Residency;

/// <summary>A worker's room for models, section <c>Serving</c>.</summary>
internal sealed class ModelMemoryOptions
{
    public const string Section = "Serving";

    /// <summary>MiB that models may take; 0: six tenths of the memory of the machine, or of the control group.</summary>
    [Range(0, 64L << 20)]
    public long ModelMemoryMiB { get; set; }

    /// <summary>Models loaded at the same time.</summary>
    [Range(1, 64)]
    public int ParallelLoads { get; set; } = 5;

    /// <summary>The limit in bytes.</summary>
    public long LimitBytes => ModelMemoryMiB > 0 ? ModelMemoryMiB << 20 : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 10 * 6;
}
