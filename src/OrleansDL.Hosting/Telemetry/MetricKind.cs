namespace OrleansDL.Telemetry;

/// <summary>What a metric is to Prometheus, and how its measurements add up.</summary>
internal enum MetricKind
{
    /// <summary>A counter that measurements are added to.</summary>
    Counter,

    /// <summary>A counter whose total is measured.</summary>
    CounterTotal,

    /// <summary>A gauge that measurements are added to.</summary>
    GaugeDelta,

    /// <summary>A gauge whose value is measured.</summary>
    Gauge,
    Histogram,
}
