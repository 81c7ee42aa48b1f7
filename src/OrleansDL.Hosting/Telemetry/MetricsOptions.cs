using System.ComponentModel.DataAnnotations;

namespace OrleansDL.Telemetry;

/// <summary>What <c>/metrics</c> shows. Configuration section <c>Telemetry:Metrics</c>.</summary>
public sealed class MetricsOptions
{
    /// <summary>Meters shown besides our own <c>OrleansDL.*</c>; a trailing <c>*</c> stands for any ending. Each one costs time where it measures.</summary>
    public IList<string> Meters { get; } = ["System.Runtime"];

    /// <summary>Label combinations kept per metric; what comes after them is counted under <c>otel_metric_overflow="true"</c>.</summary>
    [Range(1, 1_000_000)]
    public int MaximumSeries { get; set; } = 2000;
}
