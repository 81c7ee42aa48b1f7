using OrleansDL.Datasets;

namespace OrleansDL.Data;

/// <summary>Reads the rows of a CSV file (RFC 4180) from its bytes.</summary>
internal static class CsvRows
{
    public static void Read(string file, ReadOnlySpan<byte> bytes, bool header, IReadOnlyList<Column> schema, Row row, RowVisitor visit)
    {
        var rest = bytes.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? bytes[3..] : bytes;
        var order = Enumerable.Range(0, schema.Count).ToArray();
        long line = 1;
        long start = 1;
        row.Where = () => $"{file} line {start}";
        if (header && rest.Length > 0)
        {
            order = HeaderOrder(file, ref rest, ref line, schema);
        }

        while (!rest.IsEmpty)
        {
            start = line;
            row.Clear(schema.Count);
            var field = 0;
            bool more;
            do
            {
                var column = field < order.Length ? order[field] : -1;
                more = ReadField(file, ref rest, ref line, row, column, out var blank);
                if (field == 0 && !more && blank && order.Length > 1)
                {
                    // An empty line is no row.
                    field = order.Length - 1;
                    start = -1;
                }

                field++;
            }
            while (more);

            if (start < 0)
            {
                continue;
            }

            if (field != order.Length)
            {
                throw new InvalidException($"{file} line {start} has {field} fields where {order.Length} were expected. Give every line the same fields and commit the file again.");
            }

            visit(row);
        }
    }

    /// <summary>For each field of the file its column in the schema; -1 for fields the schema does not have.</summary>
    private static int[] HeaderOrder(string file, ref ReadOnlySpan<byte> rest, ref long line, IReadOnlyList<Column> schema)
    {
        var names = new Row();
        var order = new List<int>();
        bool more;
        do
        {
            names.Clear(1);
            more = ReadField(file, ref rest, ref line, names, 0, out _);
            var name = names.Text(0) ?? "";
            order.Add(schema.Index().Where(column => column.Item.Name == name).Select(column => column.Index).DefaultIfEmpty(-1).First());
        }
        while (more);

        return [.. order];
    }

    /// <summary>Reads one field and says whether another follows on the same line.</summary>
    private static bool ReadField(string file, ref ReadOnlySpan<byte> rest, ref long line, Row row, int column, out bool blank)
    {
        if (!rest.IsEmpty && rest[0] == '"')
        {
            blank = false;
            ReadQuoted(file, ref rest, ref line, row, column);
        }
        else
        {
            var end = rest.IndexOfAny((byte)',', (byte)'\n', (byte)'\r');
            var field = end < 0 ? rest : rest[..end];
            blank = field.IsEmpty;
            rest = rest[field.Length..];
            if (column >= 0)
            {
                row.Set(column, blank ? CellKind.Missing : CellKind.Text, field);
            }
        }

        if (rest.IsEmpty)
        {
            return false;
        }

        switch (rest[0])
        {
            case (byte)',':
                rest = rest[1..];
                return true;
            case (byte)'\r':
                rest = rest[(rest.Length > 1 && rest[1] == '\n' ? 2 : 1)..];
                line++;
                return false;
            case (byte)'\n':
                rest = rest[1..];
                line++;
                return false;
            default:
                throw new InvalidException($"{file} line {line}: text follows a closing quote. Write a quote inside a quoted field twice.");
        }
    }

    private static void ReadQuoted(string file, ref ReadOnlySpan<byte> rest, ref long line, Row row, int column)
    {
        var end = 1;
        while (true)
        {
            var quote = rest[end..].IndexOf((byte)'"');
            if (quote < 0)
            {
                throw new InvalidException($"{file} line {line}: a quoted field is never closed.");
            }

            end += quote + 1;
            if (end == rest.Length || rest[end] != '"')
            {
                break;
            }

            end++;
        }

        var quoted = rest[1..(end - 1)];
        rest = rest[end..];
        line += quoted.Count((byte)'\n');
        if (column < 0)
        {
            return;
        }

        var target = row.Reserve(quoted.Length);
        var length = 0;
        for (var at = 0; at < quoted.Length; at++)
        {
            target[length++] = quoted[at];
            if (quoted[at] == '"')
            {
                at++;
            }
        }

        row.Commit(column, CellKind.Text, length);
    }
}
