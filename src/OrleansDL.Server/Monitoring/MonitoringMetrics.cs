using System.Diagnostics.Metrics;

namespace OrleansDL.Monitoring;

/// <summary>How the metrics store itself is doing.</summary>
internal sealed class MonitoringMetrics
{
    private readonly Counter<long> _written;
    private readonly Counter<long> _failures;
    private readonly Histogram<double> _duration;

    public MonitoringMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("OrleansDL.Monitoring");
        _written = meter.CreateCounter<long>("orleansdl.monitoring.windows.written", "{window}", "Windows of serving metrics written to the database; an open one counts each time.");
        _failures = meter.CreateCounter<long>("orleansdl.monitoring.flush.failures", "{flush}", "Attempts to write serving metrics that failed and are made again.");
        _duration = meter.CreateHistogram<double>("orleansdl.monitoring.flush.duration", "s", "Time to write the windows of one flush.");
    }

    public void OnWritten(int windows, TimeSpan duration)
    {
        _written.Add(windows);
        _duration.Record(duration.TotalSeconds);
    }

    public void OnFailed() => _failures.Add(1);
}
