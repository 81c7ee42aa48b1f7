using System.Globalization;
using System.Text;

namespace OrleansDL.Expressions;

/// <summary>Durations as people write them: <c>90s</c>, <c>10m</c>, <c>1h30m</c>, <c>1.5h</c>, <c>250ms</c>, <c>2d</c>.</summary>
internal static class DurationText
{
    public static bool TryParse(string text, out TimeSpan value)
    {
        value = default;
        var negative = text.StartsWith('-');
        var at = negative ? 1 : 0;
        if (at == text.Length)
        {
            return false;
        }

        var seconds = 0.0;
        while (at < text.Length)
        {
            var number = at;
            while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '.'))
            {
                at++;
            }

            var unit = at;
            while (at < text.Length && char.IsAsciiLetter(text[at]))
            {
                at++;
            }

            var factor = text[unit..at] switch
            {
                "ms" => 0.001,
                "s" => 1,
                "m" => 60,
                "h" => 3600,
                "d" => 86400,
                _ => double.NaN,
            };
            if (double.IsNaN(factor)
                || !double.TryParse(text.AsSpan(number, unit - number), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count))
            {
                return false;
            }

            seconds += count * factor;
        }

        if (seconds > 36500.0 * 86400)
        {
            return false;
        }

        value = TimeSpan.FromTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond) * (negative ? -1 : 1));
        return true;
    }

    public static string Format(TimeSpan value)
    {
        if (value == TimeSpan.Zero)
        {
            return "0s";
        }

        var text = new StringBuilder(value < TimeSpan.Zero ? "-" : "");
        var rest = value.Duration();
        if (rest.Days > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{rest.Days}d");
        }

        if (rest.Hours > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{rest.Hours}h");
        }

        if (rest.Minutes > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{rest.Minutes}m");
        }

        var seconds = (rest.Ticks % TimeSpan.TicksPerMinute) / (decimal)TimeSpan.TicksPerSecond;
        if (seconds > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{seconds:0.#######}s");
        }

        return text.ToString();
    }
}
