using System.Text;
using OrleansDL.Datasets.Ingest;

namespace OrleansDL.Datasets;

/// <summary>Takes apart one record of a CSV file that was checked when it came in.</summary>
internal static class CsvRecord
{
    /// <summary>The first record's fields and its length; length 0 when its end is not here yet. An empty line has no fields.</summary>
    public static (List<string> Fields, int Length) Read(ReadOnlySpan<byte> text, bool last)
    {
        var length = CsvIngest.CompleteRecord(text);
        if (length == 0)
        {
            if (!last || text.IsEmpty)
            {
                return ([], 0);
            }

            length = text.Length;
        }

        var record = text[..length];
        record = record.EndsWith("\r\n"u8) ? record[..^2] : record.EndsWith("\n"u8) ? record[..^1] : record;
        var fields = new List<string>();
        while (!record.IsEmpty)
        {
            if (record[0] == '"')
            {
                var field = new StringBuilder();
                record = record[1..];
                while (true)
                {
                    var quote = record.IndexOf((byte)'"');
                    field.Append(Encoding.UTF8.GetString(record[..quote]));
                    record = record[(quote + 1)..];
                    if (record.IsEmpty || record[0] != '"')
                    {
                        break;
                    }

                    field.Append('"');
                    record = record[1..];
                }

                fields.Add(field.ToString());
            }
            else
            {
                var end = record.IndexOf((byte)',');
                fields.Add(Encoding.UTF8.GetString(end < 0 ? record : record[..end]));
                record = end < 0 ? [] : record[end..];
            }

            if (!record.IsEmpty)
            {
                record = record[1..];
                if (record.IsEmpty)
                {
                    fields.Add("");
                }
            }
        }

        return (fields, length);
    }
}
