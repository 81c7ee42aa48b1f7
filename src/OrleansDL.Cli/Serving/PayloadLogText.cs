using System.Globalization;

namespace OrleansDL.Serving;

/// <summary>A payload log as it is written on the command line: <c>--payload-log DATASET</c>, <c>DATASET=PERCENT</c> or <c>none</c>, and <c>--redact NAME,NAME</c>.</summary>
internal static class PayloadLogText
{
    /// <summary>What was there, changed where an option says so.</summary>
    /// <exception cref="InvalidException">An option cannot be read.</exception>
    public static PayloadLogSpec? Parse(string? log, string? redact, PayloadLogSpec? now)
    {
        if (log == "none")
        {
            return null;
        }

        var spec = log is null ? now : Log(log, now);
        return redact is null ? spec
            : spec is null ? throw new InvalidException("--redact goes with --payload-log: there is no log to redact.")
            : spec with { Redact = redact.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) };
    }

    private static PayloadLogSpec Log(string text, PayloadLogSpec? now)
    {
        var at = text.LastIndexOf('=');
        var spec = (now ?? new PayloadLogSpec { Dataset = "" }) with { Dataset = at < 0 ? text : text[..at] };
        return at < 0 ? spec
            : double.TryParse(text[(at + 1)..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent) ? spec with { Percent = percent }
            : throw new InvalidException($"--payload-log is none, or a dataset with a percent as in payloads=10, not '{text}'.");
    }
}
