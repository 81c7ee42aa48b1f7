using System.Text;

namespace OrleansDL.Telemetry;

/// <summary>More of <c>/metrics</c>: series whose names are given by others, and so need not be as ours are.</summary>
public interface IMetricsText
{
    /// <summary>Whether a scraper needs no token for these.</summary>
    bool IsPublic { get; }

    /// <param name="text">Gets them in Prometheus' text format.</param>
    void Write(StringBuilder text);
}
