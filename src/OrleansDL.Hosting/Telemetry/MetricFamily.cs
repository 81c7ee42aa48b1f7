using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace OrleansDL.Telemetry;

/// <summary>One metric with its series. Recording for labels seen before takes no lock and allocates nothing.</summary>
internal sealed class MetricFamily(string name, string help, MetricKind kind, bool observed, double scale, double[] boundaries, int maximumSeries)
{
    private const string Overflow = "otel_metric_overflow=\"true\"";

    private readonly ConcurrentDictionary<int, KnownTags> _known = [];
    private readonly Dictionary<string, MetricSeries> _series = new(StringComparer.Ordinal);
    private readonly Lock _adding = new();

    public string Name => name;
    public MetricKind Kind => kind;

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, long scrape)
    {
        var series = SeriesOf(tags);
        if (observed)
        {
            series.Seen = scrape;
        }

        switch (kind)
        {
            case MetricKind.Counter or MetricKind.GaugeDelta:
                series.Add(value * scale);
                break;
            case MetricKind.Histogram:
                series.Observe(value * scale);
                break;
            default:
                series.Set(value * scale);
                break;
        }
    }

    public void Write(StringBuilder text, long scrape)
    {
        MetricSeries[] shown;
        lock (_adding)
        {
            shown = [.. _series.Values.Where(series => !observed || series.Seen == scrape)];
        }

        if (shown.Length == 0)
        {
            return;
        }

        var type = kind switch
        {
            MetricKind.Counter or MetricKind.CounterTotal => "counter",
            MetricKind.Histogram => "histogram",
            _ => "gauge",
        };
        text.Append("# HELP ").Append(name).Append(' ').Append(help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
        text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
        foreach (var series in shown.OrderBy(series => series.Labels, StringComparer.Ordinal))
        {
            if (kind is MetricKind.Histogram)
            {
                WriteHistogram(text, series);
            }
            else
            {
                Sample(text, "", series.Labels, series.Value);
            }
        }
    }

    private void WriteHistogram(StringBuilder text, MetricSeries series)
    {
        var buckets = series.Buckets();
        var before = series.Labels.Length == 0 ? "" : series.Labels + ",";
        var total = 0L;
        for (var bucket = 0; bucket < buckets.Length; bucket++)
        {
            total += buckets[bucket];
            var bound = bucket < boundaries.Length ? Number(boundaries[bucket]) : "+Inf";
            Sample(text, "_bucket", $"{before}le=\"{bound}\"", total);
        }

        Sample(text, "_sum", series.Labels, series.Value);
        Sample(text, "_count", series.Labels, total);
    }

    private void Sample(StringBuilder text, string suffix, string labels, double value)
    {
        text.Append(name).Append(suffix);
        if (labels.Length > 0)
        {
            text.Append('{').Append(labels).Append('}');
        }

        text.Append(' ').Append(Number(value)).Append('\n');
    }

    private MetricSeries SeriesOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var hash = new HashCode();
        foreach (var (key, value) in tags)
        {
            hash.Add(key);
            hash.Add(value);
        }

        var code = hash.ToHashCode();
        return _known.TryGetValue(code, out var known) && known.Matches(tags) ? known.Series : Find(code, tags);
    }

    private MetricSeries Find(int code, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = Render(tags);
        lock (_adding)
        {
            if (!_series.TryGetValue(labels, out var series))
            {
                labels = _series.Count < maximumSeries ? labels : Overflow;
                if (!_series.TryGetValue(labels, out series))
                {
                    series = _series[labels] = new MetricSeries(labels, boundaries);
                }
            }

            // Bounded too: the same labels may come in many orders, and what overflowed would fill it without end.
            if (_known.Count < maximumSeries * 4L)
            {
                _known[code] = new KnownTags(tags.ToArray(), series);
            }

            return series;
        }
    }

    private static string Render(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in tags)
        {
            labels[MetricNames.Label(key)] = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        }

        return string.Join(',', labels.Select(label => $"{label.Key}=\"{Escape(label.Value)}\""));
    }

    private static string Escape(string value) => value
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private sealed record KnownTags(KeyValuePair<string, object?>[] Tags, MetricSeries Series)
    {
        public bool Matches(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (tags.Length != Tags.Length)
            {
                return false;
            }

            for (var tag = 0; tag < tags.Length; tag++)
            {
                if (tags[tag].Key != Tags[tag].Key || !Equals(tags[tag].Value, Tags[tag].Value))
                {
                    return false;
                }
            }

            return true;
        }
    }
}
