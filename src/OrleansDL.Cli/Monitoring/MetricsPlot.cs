using OrleansDL.Output;

namespace OrleansDL.Monitoring;

/// <summary>Draws serving windows as text: a bar for each window, a line for each version, on one scale of time and requests.</summary>
internal static class MetricsPlot
{
    private const string Bars = "▁▂▃▄▅▆▇█";

    public static IEnumerable<string> Lines(IReadOnlyList<ServingWindow> windows)
    {
        if (windows.Count == 0)
        {
            yield return "No requests in this time.";
            yield break;
        }

        var first = windows.Min(w => w.Start);
        var step = windows.Min(w => w.LengthSeconds);
        var width = windows.Max(w => Column(w, first, step)) + 1;
        var highest = windows.Max(w => w.Requests);
        yield return $"requests per {step:0} s from {Format.Time(first)}, highest {Format.Count(highest)}";
        foreach (var version in windows.GroupBy(w => (w.Model, w.ModelVersion)).OrderBy(g => g.Key.Model, StringComparer.Ordinal).ThenBy(g => g.Key.ModelVersion))
        {
            var bars = new char[width];
            Array.Fill(bars, ' ');
            foreach (var window in version.Where(w => w.Requests > 0))
            {
                bars[Column(window, first, step)] = Bars[(int)((Bars.Length - 1) * window.Requests / Math.Max(1, highest))];
            }

            yield return $"{version.Key.Model}@{version.Key.ModelVersion} |{new string(bars)}| {Summary([.. version])}";
            yield return $"  answers {Answers(version)}";
            if (Feedback([.. version.Select(w => w.Feedback).OfType<FeedbackWindow>()]) is { } feedback)
            {
                yield return $"  feedback {feedback}";
            }

            foreach (var shadow in version.Select(w => w.Shadow).OfType<ShadowWindow>().TakeLast(1))
            {
                yield return $"  as a shadow, last seen: {Shadow(shadow)}";
            }
        }
    }

    /// <summary>How a shadow did, in a line.</summary>
    public static string Shadow(ShadowWindow shadow) =>
        $"{Format.Count(shadow.Compared)} compared, {Format.Share(shadow.Agreement ?? 0)} agree, {Format.Count(shadow.Failed)} failed, {Format.Count(shadow.Dropped)} dropped, p99 {Format.Seconds(shadow.LatencyP99Seconds)}"
        + (shadow.DifferenceP99 is { } difference ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $", difference p50 {shadow.DifferenceP50:0.####E0} p99 {difference:0.####E0}") : "");

    private static string? Feedback(IReadOnlyList<FeedbackWindow> windows)
    {
        if (windows.Count == 0)
        {
            return null;
        }

        var (judged, measured) = (windows.Sum(w => w.Judged), windows.Sum(w => w.Measured));
        return $"{Format.Count(windows.Sum(w => w.Count))} rows"
            + (judged > 0 ? $", {Format.Share(windows.Sum(w => w.Correct) / (double)judged)} of {Format.Count(judged)} right" : "")
            + (measured > 0 ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $", mean absolute error {windows.Sum(w => w.MeanAbsoluteError * w.Measured) / measured:0.####} of {measured}") : "");
    }

    private static int Column(ServingWindow window, DateTimeOffset first, double step) => (int)Math.Round((window.Start - first).TotalSeconds / step);

    private static string Summary(IReadOnlyList<ServingWindow> windows)
    {
        var requests = windows.Sum(w => w.Requests);
        return $"{Format.Count(requests)} requests, {Format.Count(windows.Sum(w => w.Errors))} errors, "
            + $"p50 {Format.Seconds(Typical(windows, w => w.LatencyP50Seconds))}, p95 {Format.Seconds(Typical(windows, w => w.LatencyP95Seconds))}, "
            + $"p99 at most {Format.Seconds(windows.Max(w => w.LatencyP99Seconds))}"
            + (Typical(windows, w => w.ConfidenceMean) is { } confidence ? $", confidence {confidence:0.00}" : "");
    }

    /// <summary>Mean over windows, weighted by requests.</summary>
    private static double? Typical(IReadOnlyList<ServingWindow> windows, Func<ServingWindow, double?> value)
    {
        var known = windows.Where(w => value(w) is not null && w.Requests > 0).ToArray();
        return known.Length == 0 ? null : known.Sum(w => value(w)!.Value * w.Requests) / known.Sum(w => w.Requests);
    }

    private static string Answers(IEnumerable<ServingWindow> windows)
    {
        var labels = windows.SelectMany(w => w.Labels).GroupBy(l => l.Key, l => l.Value, StringComparer.Ordinal)
            .Select(g => (Label: g.Key, Count: g.Sum())).OrderByDescending(l => l.Count).ThenBy(l => l.Label, StringComparer.Ordinal).ToArray();
        return labels.Length == 0
            ? "have no labels"
            : string.Join("  ", labels.Take(10).Select(l => $"{l.Label}: {Format.Count(l.Count)}")) + (labels.Length > 10 ? $"  and {labels.Length - 10} more" : "");
    }
}
