using System.Text.Json;

namespace OrleansDL.Data;

/// <summary>Reads the rows of a JSON Lines file from its bytes: one object a line.</summary>
internal static class JsonLines
{
    public static void Read(string file, ReadOnlySpan<byte> bytes, IReadOnlyList<string> columns, Row row, RowVisitor visit)
    {
        long line = 0;
        row.Where = () => $"{file} line {line}";
        while (!bytes.IsEmpty)
        {
            line++;
            var end = bytes.IndexOf((byte)'\n');
            var text = (end < 0 ? bytes : bytes[..end]).Trim(" \t\r"u8);
            bytes = end < 0 ? default : bytes[(end + 1)..];
            if (text.IsEmpty)
            {
                continue;
            }

            try
            {
                var reader = new Utf8JsonReader(text);
                if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
                {
                    throw new InvalidException($"{file} line {line} is no JSON object. Write one object of named columns a line.");
                }

                JsonRow.ReadObject(ref reader, columns, row);
            }
            catch (JsonException error)
            {
                throw new InvalidException($"{file} line {line} is no valid JSON: {error.Message}");
            }

            visit(row);
        }
    }
}
