using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using Google.Protobuf;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Serving.Statistics;

/// <summary>The labels of a version's metrics: its model, its number, and the <c>metric_tags</c> of its configuration with an underscore before their names.</summary>
internal static partial class MetricLabels
{
    // A configuration is parsed for the first page that has its model, and forgotten with it.
    private static readonly ConditionalWeakTable<ServedConfiguration, string> Tags = [];

    /// <exception cref="InvalidException">A tag's name can be no label.</exception>
    public static void Check(IEnumerable<KeyValuePair<string, string>> tags)
    {
        if (tags.FirstOrDefault(tag => !Name().IsMatch(tag.Key)).Key is { } wrong)
        {
            throw new InvalidException($"metric_tags: '{wrong}' can be no label of a metric. Use letters, digits and underscores.");
        }
    }

    /// <summary>The labels in the order of their names, which is that of the reference server's pages: its suites compare texts.</summary>
    /// <param name="version">The version.</param>
    /// <param name="reason">Why requests failed; null: no such label.</param>
    public static string Of(RouteEntry version, string? reason = null)
    {
        // Names of deployments have no character that would need an escape.
        var tags = version.Route.Configuration is { } configuration ? Tags.GetValue(configuration, Read) : "";
        var middle = reason is null ? "" : $"reason=\"{reason}\",";
        return string.Create(CultureInfo.InvariantCulture, $"{tags}model=\"{version.Route.Name}\",{middle}version=\"{version.Number}\"");
    }

    private static string Read(ServedConfiguration configuration)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in JsonParser.Default.Parse<ModelConfig>(configuration.Config).MetricTags.OrderBy(tag => tag.Key, StringComparer.Ordinal))
        {
            var escaped = value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
            text.Append(CultureInfo.InvariantCulture, $"_{name}=\"{escaped}\",");
        }

        return text.ToString();
    }

    [GeneratedRegex("^[A-Za-z0-9_]+$")]
    private static partial Regex Name();
}
