using System.Globalization;

namespace OrleansDL.Serving;

/// <summary>Traffic as it is written on the command line: <c>--split 1=90,2=10</c>, <c>--sticky HEADER</c>, <c>--canary 1:2</c>, <c>--shadow 2=10</c>.</summary>
internal static class TrafficText
{
    /// <summary>What was there, changed where an option says so.</summary>
    /// <exception cref="InvalidException">An option cannot be read.</exception>
    public static TrafficSpec? Parse(string? split, string? sticky, string? canary, string? shadow, TrafficSpec? now)
    {
        if (split == "none")
        {
            return null;
        }

        if ((split, sticky, canary, shadow) is (null, null, null, null))
        {
            return now;
        }

        var traffic = now ?? new TrafficSpec();
        return traffic with
        {
            KeyHeader = sticky ?? traffic.KeyHeader,
            Shares = split is not null ? [.. split.Split(',').Select(Share)] : canary is not null ? [] : traffic.Shares,
            Canary = canary is not null ? Canary(canary) : split is not null ? null : traffic.Canary,
            Shadow = shadow switch { null => traffic.Shadow, "none" => null, _ => Shadow(shadow) },
        };
    }

    private static TrafficShare Share(string text) => text.Split('=') is [var version, var percent]
        && long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && double.TryParse(percent, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var share)
            ? new TrafficShare { Version = number, Percent = share }
            : throw new InvalidException($"--split is none, or versions with percents as in 1=90,2=10, not '{text}'.");

    private static ShadowSpec Shadow(string text) => text.Split('=') is [var version, var percent]
        && long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && double.TryParse(percent, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var share)
            ? new ShadowSpec { Version = number, Percent = share }
            : throw new InvalidException($"--shadow is none, or a version with a percent as in 2=10, not '{text}'.");

    private static CanarySpec Canary(string text) => text.Split(':') is [var stable, var canary]
        && long.TryParse(stable, NumberStyles.None, CultureInfo.InvariantCulture, out var before)
        && long.TryParse(canary, NumberStyles.None, CultureInfo.InvariantCulture, out var after)
            ? new CanarySpec { Stable = before, Canary = after }
            : throw new InvalidException($"--canary is the stable version and the one to try, as in 1:2, not '{text}'.");
}
