namespace OrleansDL.Output;

/// <summary>The metrics that fit into a line: those of single labels are only counted.</summary>
internal static class Headlines
{
    private static readonly string[] ByLabel = ["f1.", "precision.", "recall."];

    public static string? Of(IReadOnlyDictionary<string, double>? metrics)
    {
        if (metrics is null or { Count: 0 })
        {
            return null;
        }

        var shown = metrics.Where(m => !IsOfOneLabel(m.Key)).OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => $"{m.Key} {Format.Number(m.Value)}").ToArray();
        var hidden = metrics.Count - shown.Length;
        return string.Join(", ", shown) + (hidden == 0 ? "" : $", and {hidden} by label (--json shows them)");
    }

    private static bool IsOfOneLabel(string name)
    {
        var bare = name[(name.StartsWith("validation.", StringComparison.Ordinal) ? "validation.".Length : 0)..];
        return bare != "f1.macro" && ByLabel.Any(prefix => bare.StartsWith(prefix, StringComparison.Ordinal));
    }
}
