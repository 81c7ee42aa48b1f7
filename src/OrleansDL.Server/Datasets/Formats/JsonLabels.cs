using System.Text;
using System.Text.Json;

namespace OrleansDL.Datasets.Formats;

/// <summary>Label lists that JSON writes as arrays of strings, as the one text that every format can hold.</summary>
internal static class JsonLabels
{
    /// <param name="reader">Stands at the array's start, and afterwards at its end.</param>
    /// <param name="column">The column, for errors.</param>
    /// <param name="separator">What stands between labels.</param>
    /// <exception cref="InvalidException">The array holds something else than strings, or a label that holds the separator.</exception>
    public static byte[] Join(ref Utf8JsonReader reader, string column, string separator)
    {
        var labels = new List<string>();
        while (reader.Read() && reader.TokenType == JsonTokenType.String)
        {
            var label = reader.GetString()!;
            labels.Add(label.Contains(separator, StringComparison.Ordinal)
                ? throw new InvalidException($"The label '{label}' of column '{column}' holds '{separator}', which stands between labels. Rename it.")
                : label);
        }

        return reader.TokenType == JsonTokenType.EndArray
            ? Encoding.UTF8.GetBytes(string.Join(separator, labels))
            : throw new InvalidException($"Column '{column}' holds lists of labels, and one of them holds something that is no string. Put labels in quotes.");
    }
}
