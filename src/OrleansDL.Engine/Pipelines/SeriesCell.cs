using System.Text.Json;
using OrleansDL.Data;

namespace OrleansDL.Pipelines;

/// <summary>Reads a series from JSON: an array of steps, each an array of numbers or one number.</summary>
internal static class SeriesCell
{
    /// <summary>Reads the array the reader stands on, or comes to first.</summary>
    /// <exception cref="InvalidException">It is no array of steps of equally many numbers.</exception>
    public static (List<double> Numbers, int Steps) Read(ref Utf8JsonReader reader, Row row, string column)
    {
        try
        {
            return reader.TokenType is JsonTokenType.StartArray || (reader.TokenType is JsonTokenType.None && reader.Read() && reader.TokenType is JsonTokenType.StartArray)
                ? ReadSteps(ref reader, row, column)
                : throw Wrong(row, column);
        }
        catch (JsonException)
        {
            throw Wrong(row, column);
        }
    }

    private static (List<double> Numbers, int Steps) ReadSteps(ref Utf8JsonReader reader, Row row, string column)
    {
        var (numbers, steps) = (new List<double>(), 0);
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            steps++;
            if (reader.TokenType is JsonTokenType.Number)
            {
                numbers.Add(reader.GetDouble());
                continue;
            }

            if (reader.TokenType is not JsonTokenType.StartArray)
            {
                throw Wrong(row, column);
            }

            while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
            {
                numbers.Add(reader.TokenType is JsonTokenType.Number ? reader.GetDouble() : throw Wrong(row, column));
            }
        }

        return steps == 0 || numbers.Count % steps == 0 ? (numbers, steps) : throw Wrong(row, column);
    }

    private static InvalidException Wrong(Row row, string column) =>
        new($"{row.Where()}, column '{column}': a series was expected, an array of steps that are numbers or arrays of equally many numbers.");
}
