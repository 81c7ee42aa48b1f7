using System.Text.Json;

namespace OrleansDL.Data;

/// <summary>Reads one JSON value into a row: an object by column name, an array by position.</summary>
internal static class JsonRow
{
    /// <summary>Reads an object whose start the reader stands on. Names that are no columns are passed over.</summary>
    public static void ReadObject(ref Utf8JsonReader reader, IReadOnlyList<string> columns, Row row)
    {
        row.Clear(columns.Count);
        var expected = 0;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var column = Find(ref reader, columns, expected);
            reader.Read();
            if (column < 0)
            {
                reader.Skip();
                continue;
            }

            expected = column + 1;
            ReadCell(ref reader, row, column, columns[column]);
        }
    }

    /// <summary>Reads an array whose start the reader stands on.</summary>
    public static void ReadArray(ref Utf8JsonReader reader, int columns, Row row)
    {
        row.Clear(columns);
        var column = 0;
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            if (column == columns)
            {
                throw new InvalidException($"{row.Where()} has more than {columns} values. Give {columns} values in column order.");
            }

            ReadCell(ref reader, row, column, null);
            column++;
        }

        if (column != columns)
        {
            throw new InvalidException($"{row.Where()} has {column} values where {columns} were expected. Give {columns} values in column order.");
        }
    }

    public static void ReadCell(ref Utf8JsonReader reader, Row row, int column, string? name)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Number:
                row.Set(column, CellKind.Number, reader.ValueSpan);
                break;
            case JsonTokenType.String:
                var target = row.Reserve(reader.ValueSpan.Length);
                row.Commit(column, CellKind.Text, reader.CopyString(target));
                break;
            case JsonTokenType.True:
                row.Set(column, CellKind.True, default);
                break;
            case JsonTokenType.False:
                row.Set(column, CellKind.False, default);
                break;
            case JsonTokenType.Null:
                row.Set(column, CellKind.Missing, default);
                break;
            default:
                throw new InvalidException(
                    $"{row.Where()}, {(name is null ? $"value {column}" : $"column '{name}'")}: a number, a text, true, false or null was expected, not a nested {(reader.TokenType is JsonTokenType.StartArray ? "array" : "object")}.");
        }
    }

    private static int Find(ref Utf8JsonReader reader, IReadOnlyList<string> columns, int expected)
    {
        // Rows mostly name their columns in the same order.
        if (expected < columns.Count && reader.ValueTextEquals(columns[expected]))
        {
            return expected;
        }

        for (var column = 0; column < columns.Count; column++)
        {
            if (reader.ValueTextEquals(columns[column]))
            {
                return column;
            }
        }

        return -1;
    }
}
