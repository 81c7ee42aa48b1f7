using System.Buffers;
using System.Globalization;
using System.Text;
using OrleansDL.Datasets.Formats;
using OrleansDL.Datasets.Statistics;

namespace OrleansDL.Datasets.Ingest;

/// <summary>Reads CSV and TSV (RFC 4180, UTF-8) in one pass: checks it, infers the schema and counts. Nothing is allocated per record.</summary>
/// <remarks>
/// Empty fields, quoted or not, are nulls; empty lines are no records. With <see cref="HeaderMode.Auto"/> the first record
/// is the header when it is the names of the given schema, or when no cell of it is empty or a number and either a cell
/// below is a number or all cells look like identifiers.
/// </remarks>
internal sealed class CsvIngest(
    HeaderMode mode, IReadOnlyList<Column>? expected, IngestLimits limits, byte delimiter = (byte)',', IReadOnlyDictionary<string, Column>? types = null)
{
    private readonly SearchValues<byte> _special = SearchValues.Create([delimiter, (byte)'"', (byte)'\r', (byte)'\n']);

    private readonly List<string> _first = [];
    private readonly RowIndexBuilder _index = new();
    private readonly SketchBudget _budget = new();
    private readonly RowSketch _rowHashes = new();
    private ColumnAccumulator[]? _columns;
    private byte[] _scratch = [];
    private bool _header;
    private bool _firstSeen;
    private long _firstLine;
    private ulong _firstHash;
    private long _line = 1;
    private long _rows;
    private long _checkedThrough;

    public async Task<TableSummary> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var buffer = new RecordBuffer(stream, limits.MaximumRecordBytes);
        var begun = false;
        while (true)
        {
            var room = await buffer.FillAsync(cancellationToken);
            if (!begun && (buffer.Pending.Length >= 3 || buffer.Completed))
            {
                begun = true;
                buffer.Consume(Begin(buffer.Pending.Span));
            }

            if (begun)
            {
                buffer.Consume(ReadRecords(buffer.Pending.Span, buffer.Completed, buffer.Position));
            }

            if (buffer.Completed)
            {
                return Finish();
            }

            if (!room)
            {
                throw new InvalidException(
                    $"Line {_line}: the record that begins here is longer than {limits.MaximumRecordBytes} bytes; perhaps a quote is never closed. Correct it, or raise Datasets:MaximumRecordBytes.");
            }
        }
    }

    private static int Begin(ReadOnlySpan<byte> text)
    {
        if (text.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]))
        {
            throw new InvalidException("Line 1: the file is compressed with gzip. Unpack it before the upload.");
        }

        return text.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? 3 : 0;
    }

    private int ReadRecords(ReadOnlySpan<byte> text, bool last, long offset)
    {
        if (!last)
        {
            text = text[..(text.LastIndexOf((byte)'\n') + 1)];
        }

        // A record that went over the end of the last window is seen again; its bytes are checked once.
        var known = (int)Math.Min(_checkedThrough, text.Length);
        if (known < text.Length)
        {
            TextCheck.Check(text[known..], _line + TextCheck.Lines(text[..known]));
        }

        var consumed = 0;
        while (consumed < text.Length)
        {
            _index.At(_rows, offset + consumed);
            var length = _columns is null ? ReadEarlyRecord(text[consumed..], last) : ReadRecord(text[consumed..], _columns, last);
            if (length == 0)
            {
                break;
            }

            consumed += length;
        }

        _checkedThrough = text.Length - consumed;
        return consumed;
    }

    /// <summary>The hot loop. Returns the record's length, or 0 when its end is not here yet.</summary>
    private int ReadRecord(ReadOnlySpan<byte> text, ColumnAccumulator[] columns, bool last)
    {
        // A quoted field may hold line ends, so that the end is known only after a look: values count once it is.
        if (text[0] is (byte)'\n' or (byte)'\r' && BlankLine(text) is > 0 and var blank)
        {
            _line++;
            return blank;
        }

        var end = last ? text.Length : CompleteRecord(text);
        if (end == 0)
        {
            return 0;
        }

        var line = _line;
        var position = 0;
        var column = 0;
        while (true)
        {
            ReadOnlySpan<byte> field;
            if (position < text.Length && text[position] == '"')
            {
                position += Quoted(text[position..], out field);
            }
            else
            {
                var rest = text[position..];
                var length = NextSpecial(rest);
                field = rest[..length];
                position += length;
                if (position < text.Length && text[position] == '"')
                {
                    throw new InvalidException($"Line {_line}: a quote stands within a field that does not begin with one. Put the whole field in quotes and double the quotes in it.");
                }
            }

            if (column == columns.Length)
            {
                throw Ragged(line, $"more than {columns.Length}", columns.Length);
            }

            if (field.IsEmpty)
            {
                columns[column].AddNull();
            }
            else
            {
                columns[column].AddText(field, line);
            }

            column++;
            if (position < text.Length && text[position] == delimiter)
            {
                position++;
                continue;
            }

            position += EndOfRecord(text[position..]);
            break;
        }

        if (column != columns.Length)
        {
            throw Ragged(line, column.ToString(CultureInfo.InvariantCulture), columns.Length);
        }

        _rowHashes.Add(ValueHash.Of(text[..position].TrimEnd("\r\n"u8)));
        _rows++;
        return position;
    }

    private int ReadEarlyRecord(ReadOnlySpan<byte> text, bool last)
    {
        if (text[0] is (byte)'\n' or (byte)'\r' && BlankLine(text) is > 0 and var blank)
        {
            _line++;
            return blank;
        }

        var end = last ? text.Length : CompleteRecord(text);
        if (end == 0)
        {
            return 0;
        }

        var line = _line;
        var cells = new List<string>();
        var position = 0;
        while (true)
        {
            ReadOnlySpan<byte> field;
            if (position < text.Length && text[position] == '"')
            {
                position += Quoted(text[position..], out field);
            }
            else
            {
                var length = NextSpecial(text[position..]);
                field = text.Slice(position, length);
                position += length;
                if (position < text.Length && text[position] == '"')
                {
                    throw new InvalidException($"Line {_line}: a quote stands within a field that does not begin with one. Put the whole field in quotes and double the quotes in it.");
                }
            }

            cells.Add(Encoding.UTF8.GetString(field));
            if (cells.Count > limits.MaximumColumns)
            {
                throw new InvalidException($"Line {line} has more than {limits.MaximumColumns} fields. Raise Datasets:MaximumColumns to allow it.");
            }

            if (position < text.Length && text[position] == delimiter)
            {
                position++;
                continue;
            }

            position += EndOfRecord(text[position..]);
            break;
        }

        var hash = ValueHash.Of(text[..position].TrimEnd("\r\n"u8));
        if (!_firstSeen)
        {
            _firstSeen = true;
            _firstLine = line;
            _firstHash = hash;
            _first.AddRange(cells);
            if (mode != HeaderMode.Auto || IsSchema(_first))
            {
                Open(mode != HeaderMode.No);
            }
        }
        else
        {
            Open(LooksLikeHeader(_first, cells));
            Feed(cells, line, hash);
        }

        return position;
    }

    private void Open(bool header)
    {
        _header = header;
        var names = new HashSet<string>(StringComparer.Ordinal);
        _columns = new ColumnAccumulator[_first.Count];
        for (var i = 0; i < _columns.Length; i++)
        {
            var name = header ? _first[i] : string.Create(CultureInfo.InvariantCulture, $"c{i}");
            if (ColumnNames.Fault(name) is { } fault)
            {
                throw new InvalidException($"Line {_firstLine}: column {i + 1} of the header {fault}.");
            }

            if (!names.Add(name))
            {
                throw new InvalidException($"Line {_firstLine}: the header has two columns '{name}'. Rename one.");
            }

            var held = TypeOverrides.Expect(types, expected, name);
            _columns[i] = new ColumnAccumulator(name, held?.Type, _budget, held?.Separator);
        }

        if (types is not null)
        {
            TypeOverrides.CheckNames(types, names);
        }

        if (!header)
        {
            Feed(_first, _firstLine, _firstHash);
        }
    }

    private void Feed(List<string> cells, long line, ulong hash)
    {
        if (cells.Count != _columns!.Length)
        {
            throw Ragged(line, cells.Count.ToString(CultureInfo.InvariantCulture), _columns.Length);
        }

        for (var i = 0; i < _columns.Length; i++)
        {
            if (cells[i].Length == 0)
            {
                _columns[i].AddNull();
            }
            else
            {
                _columns[i].AddText(Encoding.UTF8.GetBytes(cells[i]), line);
            }
        }

        _rowHashes.Add(hash);
        _rows++;
    }

    private TableSummary Finish()
    {
        if (!_firstSeen)
        {
            throw new InvalidException("The file is empty: it has no row. Upload a file with at least one row.");
        }

        if (_columns is null)
        {
            Open(LooksLikeHeader(_first, null));
        }

        if (_rows == 0)
        {
            throw new InvalidException("The file has a header but no row. Upload at least one row, or say header=false if the first line is one.");
        }

        return new TableSummary
        {
            Rows = _rows,
            Header = _header,
            Index = _index.Finish(),
            Columns = _columns!.Select(column => column.ToColumn()).ToArray(),
            RowHashes = _rowHashes,
            Statistics = _columns!.Select(column => column.ToStatistics()).ToArray(),
        };
    }

    private bool IsSchema(List<string> cells) => expected is not null && expected.Select(column => column.Name).SequenceEqual(cells, StringComparer.Ordinal);

    private static bool LooksLikeHeader(List<string> cells, List<string>? below)
    {
        if (cells.Any(cell => cell.Length == 0 || IsValue(cell)) || cells.Distinct(StringComparer.Ordinal).Count() != cells.Count)
        {
            return false;
        }

        return below?.Any(IsValue) is true || cells.All(IsIdentifier);

        static bool IsValue(string cell) =>
            NumberParser.TryDouble(Encoding.UTF8.GetBytes(cell), out _) || bool.TryParse(cell, out _);

        static bool IsIdentifier(string cell) =>
            cell.Length <= 64 && (char.IsAsciiLetter(cell[0]) || cell[0] == '_') && cell.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.');
    }

    private static InvalidException Ragged(long line, string found, int columns) =>
        new($"Line {line} has {found} fields where the first line has {columns}. Every row needs the same number of fields.");

    private static int BlankLine(ReadOnlySpan<byte> text) => text[0] == '\n' ? 1 : text.Length > 1 && text[1] == '\n' ? 2 : 0;

    // Most fields are short: a look at each byte beats setting up a vector search.
    private int NextSpecial(ReadOnlySpan<byte> text)
    {
        var near = Math.Min(text.Length, 12);
        for (var i = 0; i < near; i++)
        {
            if (text[i] == delimiter || text[i] is (byte)'\n' or (byte)'\r' or (byte)'"')
            {
                return i;
            }
        }

        var far = text[near..].IndexOfAny(_special);
        return far < 0 ? text.Length : near + far;
    }

    /// <summary>The end of the first record when it is here, else 0.</summary>
    public static int CompleteRecord(ReadOnlySpan<byte> text)
    {
        var end = text.IndexOf((byte)'\n') + 1;
        if (end > 0 && text[..end].IndexOf((byte)'"') < 0)
        {
            return end;
        }

        // Within quotes a line end is text. Quotes come in pairs outside of broken records, which the field reader names.
        var quoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            var step = text[i..].IndexOfAny((byte)'"', (byte)'\n');
            if (step < 0)
            {
                return 0;
            }

            i += step;
            if (text[i] == '"')
            {
                quoted = !quoted;
            }
            else if (!quoted)
            {
                return i + 1;
            }
        }

        return 0;
    }

    /// <summary>Reads a quoted field and returns its length with the quotes.</summary>
    private int Quoted(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> field)
    {
        var begin = _line;
        var end = text[1..].IndexOf((byte)'"') + 1;
        if (end == 0)
        {
            throw Unclosed(begin);
        }

        if (end + 1 == text.Length || text[end + 1] != '"')
        {
            field = text[1..end];
            _line += TextCheck.Lines(field);
            return AfterQuote(text, end + 1);
        }

        if (_scratch.Length < text.Length)
        {
            _scratch = new byte[Math.Max(4096, text.Length)];
        }

        var written = 0;
        var position = 1;
        while (true)
        {
            var quote = text[position..].IndexOf((byte)'"');
            if (quote < 0)
            {
                throw Unclosed(begin);
            }

            text.Slice(position, quote).CopyTo(_scratch.AsSpan(written));
            written += quote;
            position += quote + 1;
            if (position == text.Length || text[position] != '"')
            {
                break;
            }

            _scratch[written++] = (byte)'"';
            position++;
        }

        field = _scratch.AsSpan(0, written);
        _line += TextCheck.Lines(field);
        return AfterQuote(text, position);
    }

    private int AfterQuote(ReadOnlySpan<byte> text, int position) =>
        position == text.Length || text[position] == delimiter || text[position] is (byte)'\n' or (byte)'\r'
            ? position
            : throw new InvalidException($"Line {_line}: text follows a closing quote. Double the quotes within a quoted field.");

    private static InvalidException Unclosed(long line) => new($"Line {line}: a quote is opened and never closed.");

    private int EndOfRecord(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            return 0;
        }

        if (text[0] == '\n')
        {
            _line++;
            return 1;
        }

        if (text.Length > 1 && text[1] == '\n')
        {
            _line++;
            return 2;
        }

        throw new InvalidException($"Line {_line}: a carriage return stands without a line feed. End lines with LF or CR LF.");
    }
}
