using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Apache.Arrow;
using OrleansDL.Datasets.Formats;

namespace OrleansDL.Datasets.Exports;

/// <summary>A NumPy array: one tensor column as it is; columns <c>c0</c>, <c>c1</c>, ... of one type as two dimensions; else records with the columns' names. A missing float is NaN, a missing text empty.</summary>
internal sealed class NpyExport : IExportWriter
{
    // NumPy reads headers up to 64 KiB in its first version.
    private const int Alignment = 64;
    private const int MaximumText = 1 << 16;

    public string ContentType => "application/octet-stream";

    public string Extension => "npy";

    public void Check(RowQuery rows)
    {
        if (rows.Columns.FirstOrDefault(column => column.Type == ColumnType.Image) is { } image)
        {
            throw new InvalidException($"npy holds no image files, which '{image.Name}' is. Name other columns with columns=, or export as mds or webdataset.");
        }

        if (rows.Columns.FirstOrDefault(column => column.Name.AsSpan().IndexOfAny('\'', '\\') >= 0) is { } quoted)
        {
            throw new InvalidException($"The column name '{quoted.Name}' cannot stand in NumPy's header. Leave the column out with columns=.");
        }
    }

    public async Task WriteAsync(RowQuery rows, Stream output, CancellationToken cancellationToken)
    {
        var survey = await RowSurvey.OfAsync(rows, cancellationToken);
        var sizes = new int[rows.Columns.Count];
        for (var i = 0; i < sizes.Length; i++)
        {
            var column = rows.Columns[i];
            if (survey.Nulls(i) > 0 && column.Type is not (ColumnType.Float64 or ColumnType.String))
            {
                throw new InvalidException($"npy has no nulls, and '{column.Name}' has {survey.Nulls(i)}. Leave them out with filter={column.Name} != null, or export as parquet or arrow.");
            }

            if (survey.Characters(i) > MaximumText)
            {
                throw new InvalidException($"A text of '{column.Name}' has {survey.Characters(i)} characters; every row would take as much. Export as parquet or arrow.");
            }

            sizes[i] = column.Type switch
            {
                ColumnType.Bool => 1,
                ColumnType.String => 4 * Math.Max(1, survey.Characters(i)),
                ColumnType.Tensor => (int)TensorType.Parse(column.Tensor!).Bytes,
                _ => 8,
            };
        }

        await output.WriteAsync(Header(rows.Columns, sizes, survey.Rows), cancellationToken);
        var record = sizes.Sum();
        await foreach (var batch in rows.ReadAsync(cancellationToken))
        {
            var bytes = new byte[batch.Length * record];
            var at = 0;
            for (var row = 0; row < batch.Length; row++)
            {
                for (var column = 0; column < sizes.Length; column++)
                {
                    Write(batch.Column(column), row, bytes.AsSpan(at, sizes[column]));
                    at += sizes[column];
                }
            }

            await output.WriteAsync(bytes, cancellationToken);
        }
    }

    private static byte[] Header(IReadOnlyList<Column> columns, int[] sizes, long rows)
    {
        var (descr, shape) = columns switch
        {
            [{ Type: ColumnType.Tensor } tensor] => ($"'{Dtype(tensor, 0)}'", $"{rows}, {string.Join(", ", TensorType.Parse(tensor.Tensor!).Shape)}"),
            [{ Name: "c0" } only] when only.Type != ColumnType.Tensor => ($"'{Dtype(only, sizes[0])}'", $"{rows},"),
            _ when IsMatrix(columns) => ($"'{Dtype(columns[0], 8)}'", $"{rows}, {columns.Count}"),
            _ => ($"[{string.Join(", ", columns.Select((column, i) => $"('{column.Name}', '{Dtype(column, sizes[i])}'{(column.Type == ColumnType.Tensor ? $", ({string.Join(", ", TensorType.Parse(column.Tensor!).Shape)},)" : "")})"))}]", $"{rows},"),
        };
        var text = $"{{'descr': {descr}, 'fortran_order': False, 'shape': ({shape}), }}";
        var utf8 = Encoding.UTF8.GetByteCount(text);

        // Version 3 has names in UTF-8 and a length of 32 bits; 1 is read everywhere.
        var wide = utf8 != text.Length || utf8 > ushort.MaxValue - Alignment;
        var start = wide ? 12 : 10;
        var length = ((start + utf8 + 1 + Alignment - 1) / Alignment * Alignment) - start;
        var header = new byte[start + length];
        header.AsSpan().Fill((byte)' ');
        ((ReadOnlySpan<byte>)[0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', wide ? (byte)3 : (byte)1, 0]).CopyTo(header);
        if (wide)
        {
            BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), length);
        }
        else
        {
            BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), (ushort)length);
        }

        Encoding.UTF8.GetBytes(text, header.AsSpan(start));
        header[^1] = (byte)'\n';
        return header;
    }

    private static bool IsMatrix(IReadOnlyList<Column> columns) =>
        columns.Count > 1 && columns[0].Type is ColumnType.Int64 or ColumnType.Float64
        && columns.Select((column, i) => column.Type == columns[0].Type && column.Name == string.Create(CultureInfo.InvariantCulture, $"c{i}")).All(fits => fits);

    private static string Dtype(Column column, int size) => column.Type switch
    {
        ColumnType.Bool => "|b1",
        ColumnType.Int64 => "<i8",
        ColumnType.Float64 => "<f8",
        ColumnType.String => string.Create(CultureInfo.InvariantCulture, $"<U{size / 4}"),
        _ => TensorType.Parse(column.Tensor!).Element switch
        {
            "uint8" => "|u1",
            "int8" => "|i1",
            "int16" => "<i2",
            "int32" => "<i4",
            "int64" => "<i8",
            "float32" => "<f4",
            _ => "<f8",
        },
    };

    private static void Write(IArrowArray array, int row, Span<byte> into)
    {
        switch (array)
        {
            case Int64Array integers:
                BinaryPrimitives.WriteInt64LittleEndian(into, integers.Values[row]);
                break;
            case DoubleArray numbers:
                BinaryPrimitives.WriteDoubleLittleEndian(into, numbers.IsNull(row) ? double.NaN : numbers.Values[row]);
                break;
            case BooleanArray truths:
                into[0] = truths.GetValue(row) is true ? (byte)1 : (byte)0;
                break;
            case StringArray texts:
                Encoding.UTF32.GetBytes(texts.GetString(row) ?? "", into);
                break;
            default:
                ((BinaryArray)array).GetBytes(row).CopyTo(into);
                break;
        }
    }
}
