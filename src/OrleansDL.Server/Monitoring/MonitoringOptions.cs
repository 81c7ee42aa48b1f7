using System.ComponentModel.DataAnnotations;

namespace OrleansDL.Monitoring;

/// <summary>The metrics store. Configuration section <c>Monitoring</c>.</summary>
internal sealed class MonitoringOptions
{
    /// <summary>How often a node writes its windows. Shorter shows requests sooner; longer writes less.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:00:10")]
    public TimeSpan FlushInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long windows and feedback are kept.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "3650.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(90);
}
