namespace OrleansDL.Datasets;

/// <summary>A row's labels as one text: <c>sports; politics</c> has two with the separator <c>;</c>.</summary>
public static class LabelText
{
    /// <summary>What stands between labels where nothing else is said.</summary>
    public const string Separator = ";";

    /// <summary>The labels in their order, each once, without the spaces around them. Empty ones are none.</summary>
    public static IReadOnlyList<string> Split(string text, string separator)
    {
        var labels = new List<string>();
        foreach (var part in text.Split(separator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!labels.Contains(part, StringComparer.Ordinal))
            {
                labels.Add(part);
            }
        }

        return labels;
    }

    /// <summary>The labels of one value of a column: several where the column holds lists, else the value itself; none for null.</summary>
    public static IReadOnlyList<string> Of(Column column, string? value) =>
        value is null ? [] : column.Separator is { } separator ? Split(value, separator) : [value];
}
