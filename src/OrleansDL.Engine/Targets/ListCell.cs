using System.Text.Json;
using OrleansDL.Data;

namespace OrleansDL.Targets;

/// <summary>Reads a cell that holds several texts: a JSON array, or texts with something between them.</summary>
internal static class ListCell
{
    public static readonly char[] Semicolon = [';'];
    public static readonly char[] Spaces = [' ', '\t', '\n', '\r'];

    /// <summary>The texts in their order, without the spaces around them; none for a missing or empty cell.</summary>
    /// <exception cref="InvalidException">The cell begins like a JSON array and is none.</exception>
    public static IReadOnlyList<string> Read(Row row, int cell, string column, char[] between)
    {
        var text = row.Text(cell)?.Trim() ?? "";
        if (!text.StartsWith('['))
        {
            return text.Split(between, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        }

        try
        {
            using var list = JsonDocument.Parse(text);
            return [.. list.RootElement.EnumerateArray().Select(item => item.ValueKind is JsonValueKind.String ? item.GetString()! : item.GetRawText())];
        }
        catch (JsonException error)
        {
            throw new InvalidException($"{row.Where()}, column '{column}': a list was expected, either a JSON array or texts with '{between[0]}' between them ({error.Message}).");
        }
    }
}
