using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace OrleansDL.Datasets.Formats;

/// <summary>The header of a NumPy file: a Python dictionary of descr, fortran_order and shape.</summary>
internal static partial class NpyHeader
{
    private const int MaximumHeader = 1 << 20;
    private const int MaximumRecord = 64 << 20;

    public static async Task<FixedLayout> ReadAsync(Stream file, int maximumColumns, CancellationToken cancellationToken)
    {
        file.Seek(0, SeekOrigin.Begin);
        var head = new byte[12];
        var got = await file.ReadAtLeastAsync(head, 12, throwOnEndOfStream: false, cancellationToken);
        if (got < 10 || !head.AsSpan().StartsWith((ReadOnlySpan<byte>)[0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y']) || head[6] is < 1 or > 3)
        {
            throw new InvalidDataException("It does not begin as a NumPy file does.");
        }

        var (length, start) = head[6] == 1 ? (BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(8)), 10) : (BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(8)), 12);
        if (length > MaximumHeader || start + length > file.Length)
        {
            throw new InvalidDataException($"Its header is said to have {length} bytes, which cannot be.");
        }

        var bytes = new byte[length];
        file.Seek(start, SeekOrigin.Begin);
        await file.ReadExactlyAsync(bytes, cancellationToken);
        return Parse((head[6] == 3 ? Encoding.UTF8 : Encoding.Latin1).GetString(bytes), start + length, maximumColumns).Checked(file.Length);
    }

    /// <summary>A file's bytes up to its first record, saying another number of rows: of the same length, so that whatever else stands there stays.</summary>
    public static byte[] WithRows(byte[] head, long rows)
    {
        var text = Encoding.Latin1.GetString(head);
        var start = text.IndexOf('(', text.LastIndexOf("'shape'", StringComparison.Ordinal)) + 1;
        var first = text.AsSpan(start).IndexOfAny(',', ')');
        var number = rows.ToString(CultureInfo.InvariantCulture).PadLeft(first);
        return Encoding.Latin1.GetBytes($"{text[..start]}{number}{text[(start + first)..]}");
    }

    private static FixedLayout Parse(string header, long start, int maximumColumns)
    {
        var match = Header().Match(header);
        if (!match.Success)
        {
            throw new InvalidDataException("Its header is no dictionary of descr, fortran_order and shape.");
        }

        var shape = match.Groups["shape"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(size => long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : throw new InvalidDataException($"Its shape has '{size}'.")).ToArray();
        if (shape.Length == 0)
        {
            throw new InvalidException("The array has no dimension: one value is no table. Save an array of rows.");
        }

        if (match.Groups["fortran"].Value == "True" && shape.Length > 1)
        {
            throw new InvalidException("The array lies in Fortran order, column after column. Save numpy.ascontiguousarray(array).");
        }

        var descr = match.Groups["descr"].Value;
        var columns = descr[0] == '[' ? Fields(descr, shape) : Plain(descr[1..^1], shape, maximumColumns);
        if (columns.Count > maximumColumns)
        {
            throw new InvalidException($"The array has {columns.Count} columns; at most {maximumColumns} are allowed. Raise Datasets:MaximumColumns, or save it with three dimensions, as a tensor a row.");
        }

        var record = columns.Sum(column => (long)column.Format.Bytes);
        return new FixedLayout
        {
            Start = start,
            Rows = shape[0],
            RecordBytes = record is > 0 and <= MaximumRecord ? (int)record : throw new InvalidException($"A row of the array has {record} bytes; 1 to {MaximumRecord} are allowed."),
            Columns = columns,
        };
    }

    private static List<FixedColumn> Plain(string type, long[] shape, int maximumColumns)
    {
        if (shape.Length > 2)
        {
            return [Tensor("tensor", type, shape[1..], 0)];
        }

        var format = Format(type, "the array");
        var count = shape.Length == 2 ? shape[1] : 1;
        return count <= maximumColumns
            ? [.. Enumerable.Range(0, (int)count).Select(i => new FixedColumn(
                new Column { Name = string.Create(CultureInfo.InvariantCulture, $"c{i}"), Type = format.Type }, format, i * format.Bytes))]
            : throw new InvalidException($"The array has {count} columns; at most {maximumColumns} are allowed. Raise Datasets:MaximumColumns, or save it with three dimensions, as a tensor a row.");
    }

    private static List<FixedColumn> Fields(string descr, long[] shape)
    {
        if (shape.Length != 1)
        {
            throw new InvalidException("An array of records has one dimension: rows. Save array.reshape(-1).");
        }

        var columns = new List<FixedColumn>();
        long offset = 0;
        var at = 1;
        foreach (Match field in Field().Matches(descr))
        {
            // Nested records and whatever else is no plain field would be passed over otherwise.
            if (descr[at..field.Index].Trim(' ', ',').Length > 0)
            {
                break;
            }

            at = field.Index + field.Length;
            var (name, type) = (field.Groups["name"].Value, field.Groups["type"].Value);
            var sizes = field.Groups["shape"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(size => long.Parse(size, CultureInfo.InvariantCulture)).ToArray();
            var column = sizes.Length > 0
                ? Tensor(name, type, sizes, (int)offset)
                : Format(type, $"field '{name}'") is var format ? new FixedColumn(new Column { Name = name, Type = format.Type }, format, (int)offset) : throw new InvalidOperationException();
            columns.Add(column);
            offset += column.Format.Bytes;
            if (offset > MaximumRecord)
            {
                throw new InvalidException($"A row of the array has more than {MaximumRecord} bytes.");
            }
        }

        return descr[at..].Trim(' ', ',') == "]" && columns.Count > 0
            ? columns
            : throw new InvalidException("The array's records hold fields that are not read (nested records, or padding). Save plain fields with numpy.lib.recfunctions.repack_fields.");
    }

    private static FixedColumn Tensor(string name, string type, long[] shape, int offset)
    {
        var format = Format(type, $"'{name}'");
        var element = NumberFormat.Element(format.Kind, format.Bytes)
            ?? throw new InvalidException($"Tensors of '{type}' are not read. Save array.astype('float32') or another of uint8, int8, int16, int32, int64, float32, float64.");
        var bytes = shape.Aggregate((UInt128)(uint)format.Bytes, (product, size) => size is > 0 and <= int.MaxValue && product < ulong.MaxValue ? product * (uint)size : UInt128.MaxValue);
        if (bytes > MaximumRecord)
        {
            throw new InvalidException($"A tensor of '{name}' has {string.Join(" x ", shape)} elements; each row may have 1 to {MaximumRecord} bytes.");
        }

        var tensor = new TensorType(element, [.. shape.Select(size => (int)size)]);
        return new FixedColumn(
            new Column { Name = name, Type = ColumnType.Tensor, Tensor = tensor.ToString() }, new NumberFormat('T', (int)bytes, format.BigEndian, format.Bytes), offset);
    }

    private static NumberFormat Format(string type, string what)
    {
        var match = Dtype().Match(type);
        if (!match.Success || !int.TryParse(match.Groups["size"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var size))
        {
            throw new InvalidException(type.Contains('O', StringComparison.Ordinal)
                ? $"{what} holds Python objects, which only pickle reads: never read from strangers. Save it as numbers or texts."
                : $"{what} has NumPy's type '{type}', which is not read. Save it as bool, integers, floats or texts.");
        }

        var kind = match.Groups["kind"].Value[0];
        var bytes = kind == 'U' ? (long)size * 4 : size;
        return (kind, size) is ('b', 1) or ('i' or 'u', 1 or 2 or 4 or 8) or ('f', 2 or 4 or 8) or ('S' or 'U', > 0) && bytes <= MaximumRecord
            ? new NumberFormat(kind, (int)bytes, match.Groups["order"].Value == ">")
            : throw new InvalidException($"{what} has NumPy's type '{type}', which is not read. Save it as bool, integers, floats or texts.");
    }

    [GeneratedRegex(@"^\s*\{\s*'descr':\s*(?<descr>'[^']*'|\[.*\]),\s*'fortran_order':\s*(?<fortran>True|False),\s*'shape':\s*\((?<shape>[\d,\s]*)\),?\s*\}\s*$", RegexOptions.Singleline | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Header();

    [GeneratedRegex(@"\('(?<name>[^'\\]+)',\s*'(?<type>[^']+)'(,\s*\((?<shape>[\d,\s]+)\))?\)", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Field();

    [GeneratedRegex(@"^(?<order>[<>|=])(?<kind>[biufSU])(?<size>\d{1,9})$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Dtype();
}
