using System.Text;
using System.Text.Json;
using OrleansDL.Datasets.Formats;
using OrleansDL.Datasets.Statistics;

namespace OrleansDL.Datasets.Ingest;

/// <summary>Reads JSON Lines in one pass: one object per line, its names the columns. A nested object or array is a string column holding its JSON.</summary>
internal sealed class JsonLinesIngest(
    IReadOnlyList<Column>? expected, IngestLimits limits, IReadOnlyDictionary<string, Column>? types = null)
{
    private readonly List<ColumnAccumulator> _columns = [];
    private readonly Dictionary<string, ColumnAccumulator> _byName = new(StringComparer.Ordinal);
    private readonly List<byte[]> _names = [];
    private readonly RowIndexBuilder _index = new();
    private readonly SketchBudget _budget = new();
    private readonly RowSketch _rowHashes = new();
    private byte[] _scratch = new byte[4096];
    private long _line = 1;
    private long _rows;

    public async Task<TableSummary> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        foreach (var column in expected ?? [])
        {
            Column(column.Name);
        }

        using var buffer = new RecordBuffer(stream, limits.MaximumRecordBytes);
        while (true)
        {
            var room = await buffer.FillAsync(cancellationToken);
            buffer.Consume(ReadLines(buffer.Pending.Span, buffer.Completed, buffer.Position));
            if (buffer.Completed)
            {
                return Finish();
            }

            if (!room)
            {
                throw new InvalidException($"Line {_line} is longer than {limits.MaximumRecordBytes} bytes. Shorten it, or raise Datasets:MaximumRecordBytes.");
            }
        }
    }

    private int ReadLines(ReadOnlySpan<byte> text, bool last, long offset)
    {
        var whole = last ? text.Length : text.LastIndexOf((byte)'\n') + 1;
        TextCheck.Check(text[..whole], _line);
        var position = _line == 1 && text.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? Math.Min(3, whole) : 0;
        while (position < whole)
        {
            _index.At(_rows, offset + position);
            var end = text[position..whole].IndexOf((byte)'\n');
            var line = end < 0 ? text[position..whole] : text.Slice(position, end);
            if (!line.Trim(" \t\r"u8).IsEmpty)
            {
                ReadLine(line);
                _rowHashes.Add(ValueHash.Of(line.TrimEnd((byte)'\r')));
                _rows++;
            }

            position += line.Length + (end < 0 ? 0 : 1);
            _line++;
        }

        return whole;
    }

    private void ReadLine(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = limits.MaximumJsonDepth });
        try
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                throw new InvalidException($"Line {_line} is no JSON object. Every line is one object: its names are the columns.");
            }

            var seen = 0;
            var guess = 0;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var column = guess < _names.Count && reader.ValueTextEquals(_names[guess]) ? _columns[guess] : Column(reader.GetString()!);
                guess++;
                if (column.LastRow == _rows)
                {
                    throw new InvalidException($"Line {_line} has the name '{column.Name}' twice.");
                }

                column.LastRow = _rows;
                seen++;
                reader.Read();
                ReadValue(ref reader, column, line);
            }

            // Anything but white space after the object is an error, which this read finds.
            reader.Read();
            if (seen < _columns.Count)
            {
                foreach (var column in _columns)
                {
                    if (column.LastRow != _rows)
                    {
                        column.AddNull();
                    }
                }
            }
        }
        catch (JsonException fault)
        {
            var reason = reader.CurrentDepth >= limits.MaximumJsonDepth - 1
                ? $"it is nested deeper than {limits.MaximumJsonDepth} levels"
                : $"near byte {fault.BytePositionInLine}";
            throw new InvalidException($"Line {_line} is no valid JSON object: {reason}. Every line is one object: its names are the columns.");
        }
        catch (InvalidOperationException)
        {
            throw new InvalidException($"Line {_line} holds half of a surrogate pair in a string. Escape the whole character, or write it as UTF-8.");
        }
    }

    private void ReadValue(ref Utf8JsonReader reader, ColumnAccumulator column, ReadOnlySpan<byte> line)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                column.AddNull();
                break;
            case JsonTokenType.True or JsonTokenType.False or JsonTokenType.Number when IsSaid(column):
                column.AddText(reader.ValueSpan, _line);
                break;
            case JsonTokenType.True:
            case JsonTokenType.False:
                column.AddTyped(ColumnType.Bool, reader.ValueSpan, _line);
                break;
            case JsonTokenType.Number:
                column.AddTyped(reader.TryGetInt64(out _) ? ColumnType.Int64 : ColumnType.Float64, reader.ValueSpan, _line);
                break;
            case JsonTokenType.String when !reader.ValueIsEscaped && IsSaid(column):
                column.AddText(reader.ValueSpan, _line);
                break;
            case JsonTokenType.String when !reader.ValueIsEscaped:
                column.AddTyped(ColumnType.String, reader.ValueSpan, _line);
                break;
            case JsonTokenType.String:
                if (_scratch.Length < reader.ValueSpan.Length)
                {
                    _scratch = new byte[reader.ValueSpan.Length * 2];
                }

                column.AddTyped(ColumnType.String, _scratch.AsSpan(0, reader.CopyString(_scratch)), _line);
                break;
            case JsonTokenType.StartArray when column.Separator is { } separator:
                column.AddTyped(ColumnType.String, JsonLabels.Join(ref reader, column.Name, separator), _line);
                break;
            default:
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                column.AddTyped(ColumnType.String, line[start..(int)reader.BytesConsumed], _line);
                break;
        }
    }

    // A type that was said takes whatever is spelt so: a number as text, a text as number.
    private bool IsSaid(ColumnAccumulator column) => types?.ContainsKey(column.Name) is true;

    private ColumnAccumulator Column(string name)
    {
        if (_byName.TryGetValue(name, out var known))
        {
            return known;
        }

        if (ColumnNames.Fault(name) is { } fault)
        {
            throw new InvalidException($"Line {_line}: a column {fault}.");
        }

        if (_columns.Count == limits.MaximumColumns)
        {
            throw new InvalidException($"Line {_line}: the file has more than {limits.MaximumColumns} different names. Raise Datasets:MaximumColumns to allow it.");
        }

        var held = TypeOverrides.Expect(types, expected, name);
        var column = new ColumnAccumulator(name, held?.Type, _budget, held?.Separator);
        column.AddNulls(_rows);
        _columns.Add(column);
        _names.Add(Encoding.UTF8.GetBytes(name));
        _byName.Add(name, column);
        return column;
    }

    private TableSummary Finish()
    {
        if (types is not null)
        {
            TypeOverrides.CheckNames(types, _columns.Select(column => column.Name));
        }

        if (_rows == 0)
        {
            throw new InvalidException("The file is empty: it has no row. Upload a file with at least one JSON object on a line.");
        }

        return new TableSummary
        {
            Rows = _rows,
            Header = false,
            Index = _index.Finish(),
            Columns = _columns.Select(column => column.ToColumn()).ToArray(),
            RowHashes = _rowHashes,
            Statistics = _columns.Select(column => column.ToStatistics()).ToArray(),
        };
    }
}
