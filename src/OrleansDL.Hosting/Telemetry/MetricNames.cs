using System.Text;

namespace OrleansDL.Telemetry;

/// <summary>Turns OpenTelemetry names and units into Prometheus names that <c>promtool check metrics</c> accepts.</summary>
internal static class MetricNames
{
    /// <summary>The metric's name, and what a measurement is multiplied by to be in Prometheus' base unit.</summary>
    public static (string Name, double Scale) Translate(string instrument, string? unit, MetricKind kind)
    {
        var (suffix, scale) = Unit(unit, kind);
        var name = Label(instrument);
        if (kind is not MetricKind.Histogram)
        {
            // These endings belong to histograms and counters; the words are put back where they are due.
            name = Without(Without(Without(Without(name, "_total"), "_count"), "_sum"), "_bucket");
        }

        if (suffix.Length > 0 && !name.EndsWith(suffix, StringComparison.Ordinal))
        {
            name += suffix;
        }

        return (kind is MetricKind.Counter or MetricKind.CounterTotal ? name + "_total" : name, scale);
    }

    /// <summary>The text with everything but letters, digits and underscores replaced.</summary>
    public static string Label(string name)
    {
        var text = new StringBuilder(name.Length + 1);
        foreach (var character in name)
        {
            text.Append(char.IsAsciiLetterOrDigit(character) ? character : '_');
        }

        return text.Length > 0 && char.IsAsciiDigit(text[0]) ? "_" + text : text.ToString();
    }

    private static (string Suffix, double Scale) Unit(string? unit, MetricKind kind) => unit switch
    {
        "s" => ("_seconds", 1),
        "ms" => ("_seconds", 1e-3),
        "us" => ("_seconds", 1e-6),
        "ns" => ("_seconds", 1e-9),
        "By" => ("_bytes", 1),
        "KiBy" => ("_bytes", 1 << 10),
        "MiBy" => ("_bytes", 1 << 20),
        "Cel" => ("_celsius", 1),
        "Hz" => ("_hertz", 1),
        "J" => ("_joules", 1),
        "W" => ("_watts", 1),
        "%" => ("_ratio", 1e-2),
        "1" when kind is MetricKind.Gauge or MetricKind.GaugeDelta => ("_ratio", 1),
        _ => ("", 1),
    };

    private static string Without(string name, string ending) =>
        name.EndsWith(ending, StringComparison.Ordinal) && name.Length > ending.Length ? name[..^ending.Length] : name;
}
