using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace OrleansDL.Telemetry;

/// <summary>Listens to this node's meters and writes what they measured in Prometheus' text format.</summary>
/// <remarks>
/// It is our own because the request path must not pay for it, and because every name, unit and help line must pass
/// <c>promtool check metrics</c>, which the ready-made adapters do not see to.
/// </remarks>
public sealed class PrometheusExporter : IHostedService, IDisposable
{
    /// <summary>Content type of <see cref="Write"/>'s text.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private static readonly double[] Seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
    private static readonly double[] Numbers = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000, 100_000, 1_000_000, 10_000_000];

    private readonly ConcurrentDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();
    private readonly Lock _scraping = new();
    private readonly MetricsOptions _options;
    private readonly IMeterFactory _meters;
    private long _scrape;

    public PrometheusExporter(IMeterFactory meters, IOptions<MetricsOptions> options)
    {
        _meters = meters;
        _options = options.Value;
        _listener.InstrumentPublished = OnPublished;
        _listener.SetMeasurementEventCallback<byte>((_, value, tags, family) => Record(value, tags, family));
        _listener.SetMeasurementEventCallback<short>((_, value, tags, family) => Record(value, tags, family));
        _listener.SetMeasurementEventCallback<int>((_, value, tags, family) => Record(value, tags, family));
        _listener.SetMeasurementEventCallback<long>((_, value, tags, family) => Record(value, tags, family));
        _listener.SetMeasurementEventCallback<float>((_, value, tags, family) => Record(value, tags, family));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, family) => Record(value, tags, family));
        _listener.SetMeasurementEventCallback<decimal>((_, value, tags, family) => Record((double)value, tags, family));
    }

    /// <summary>Begins to listen, with the host: what is measured before is not seen.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _listener.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Everything measured so far.</summary>
    public string Write()
    {
        lock (_scraping)
        {
            _scrape++;
            _listener.RecordObservableInstruments();
            var text = new StringBuilder();
            foreach (var family in _families.Values.OrderBy(family => family.Name, StringComparer.Ordinal))
            {
                family.Write(text, _scrape);
            }

            return text.ToString();
        }
    }

    public void Dispose() => _listener.Dispose();

    private void OnPublished(Instrument instrument, MeterListener listener)
    {
        // Meters made by another node's factory are that node's; those without a scope are the process's.
        var ours = instrument.Meter.Scope is null || ReferenceEquals(instrument.Meter.Scope, _meters);
        if (ours && (instrument.Meter.Name.StartsWith("OrleansDL.", StringComparison.Ordinal) || _options.Meters.Any(meter => Matches(meter, instrument.Meter.Name))))
        {
            var kind = KindOf(instrument);
            var (name, scale) = MetricNames.Translate(instrument.Name, instrument.Unit, kind);
            var family = _families.GetOrAdd(name, _ => new MetricFamily(name, HelpOf(instrument), kind, instrument.IsObservable, scale,
                kind is MetricKind.Histogram ? BoundariesOf(instrument, name, scale) : [], _options.MaximumSeries));
            if (family.Kind == kind)
            {
                listener.EnableMeasurementEvents(instrument, family);
            }
        }
    }

    private void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? family) =>
        ((MetricFamily)family!).Record(value, tags, _scrape);

    private static bool Matches(string pattern, string meter) => pattern.EndsWith('*')
        ? meter.StartsWith(pattern[..^1], StringComparison.Ordinal)
        : meter == pattern;

    private static string HelpOf(Instrument instrument) => string.IsNullOrWhiteSpace(instrument.Description)
        ? $"Instrument {instrument.Name} of meter {instrument.Meter.Name}."
        : instrument.Description;

    private static MetricKind KindOf(Instrument instrument)
    {
        var type = instrument.GetType().GetGenericTypeDefinition();
        return type == typeof(Counter<>) ? MetricKind.Counter
            : type == typeof(ObservableCounter<>) ? MetricKind.CounterTotal
            : type == typeof(UpDownCounter<>) ? MetricKind.GaugeDelta
            : type == typeof(Histogram<>) ? MetricKind.Histogram
            : MetricKind.Gauge;
    }

    private static double[] BoundariesOf(Instrument instrument, string name, double scale) => instrument switch
    {
        Histogram<double> { Advice.HistogramBucketBoundaries: { } boundaries } => [.. boundaries.Select(boundary => boundary * scale)],
        Histogram<long> { Advice.HistogramBucketBoundaries: { } boundaries } => [.. boundaries.Select(boundary => boundary * scale)],
        Histogram<int> { Advice.HistogramBucketBoundaries: { } boundaries } => [.. boundaries.Select(boundary => boundary * scale)],
        _ => name.EndsWith("_seconds", StringComparison.Ordinal) ? Seconds : Numbers,
    };
}
