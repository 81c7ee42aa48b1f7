using System.Text.Json;
using OrleansDL.Data;

namespace OrleansDL.Targets;

/// <summary>Reads a cell that holds several texts: a JSON array, or texts with something between them.</summary>
internal static class ListCell
{
    private static readonly char[] Spaces = [' ', '\t', '\n', '\r'];

    /// <summary>The texts in their order, without the spaces around them; none for a missing or empty cell.</summary>
    /// <param name="row">The row.</param>
    /// <param name="cell">Its cell.</param>
    /// <param name="column">Name of the column, for messages.</param>
    /// <param name="separator">What stands between two texts; null: spaces.</param>
    /// <exception cref="InvalidException">The cell begins like a JSON array and is none.</exception>
    public static IReadOnlyList<string> Read(Row row, int cell, string column, string? separator)
    {
        const StringSplitOptions Options = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        var text = row.Text(cell)?.Trim() ?? "";
        if (!text.StartsWith('['))
        {
            return separator is null ? text.Split(Spaces, Options) : text.Split(separator, Options);
        }

        try
        {
            using var list = JsonDocument.Parse(text);
            return [.. list.RootElement.EnumerateArray().Select(item => item.ValueKind is JsonValueKind.String ? item.GetString()! : item.GetRawText())];
        }
        catch (JsonException error)
        {
            throw new InvalidException($"{row.Where()}, column '{column}': a list was expected, either a JSON array or texts with {(separator is null ? "spaces" : $"'{separator}'")} between them ({error.Message}).");
        }
    }
}
