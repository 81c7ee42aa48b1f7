using System.Text.Json;
using Apache.Arrow;
using OrleansDL.Datasets.Formats;
using Parquet;
using Parquet.Schema;

namespace OrleansDL.Datasets.Exports;

/// <summary>Parquet, in row groups of at most 65,536 rows and about 64 MiB. Images and tensors are binary columns; the file's metadata says what they hold.</summary>
internal sealed class ParquetExport : IExportWriter
{
    private const int GroupRows = 1 << 16;
    private const int GroupBytes = 64 << 20;

    public string ContentType => "application/vnd.apache.parquet";

    public string Extension => "parquet";

    public void Check(RowQuery rows)
    {
        // Every column has a type in Parquet.
    }

    public Task WriteAsync(RowQuery rows, Stream output, CancellationToken cancellationToken) =>
        WriteAsync(rows.Columns, rows.ReadAsync(cancellationToken), output, cancellationToken);

    /// <summary>Writes rows as one file.</summary>
    public static async Task WriteAsync(IReadOnlyList<Column> columns, IAsyncEnumerable<RecordBatch> rows, Stream output, CancellationToken cancellationToken)
    {
        await using var counting = new CountingStream(output);
        DataField[] fields = [.. columns.Select(FieldOf)];
        await using (var writer = await ParquetWriter.CreateAsync(new ParquetSchema(fields), counting, new ParquetOptions { CompressionMethod = CompressionMethod.Snappy }, cancellationToken: cancellationToken))
        {
            writer.CustomMetadata = new Dictionary<string, string> { [ParquetTables.SchemaKey] = JsonSerializer.Serialize(columns, OdlJson.Options) };
            var batches = new List<RecordBatch>();
            await foreach (var batch in rows)
            {
                batches.Add(batch);
                if (batches.Sum(held => held.Length) + BatchBuilder.MaximumRows > GroupRows || batches.Sum(Bytes) > GroupBytes)
                {
                    await WriteGroupAsync(writer, fields, batches, cancellationToken);
                    await counting.DrainAsync(cancellationToken);
                    batches.Clear();
                }
            }

            if (batches.Count > 0)
            {
                await WriteGroupAsync(writer, fields, batches, cancellationToken);
            }
        }

        await counting.DrainAsync(cancellationToken);
    }

    private static long Bytes(RecordBatch batch) => batch.Arrays.Sum(array => array.Data.Buffers.Sum(buffer => (long)buffer.Length));

    private static DataField FieldOf(Column column) => column.Type switch
    {
        ColumnType.Bool => new DataField<bool>(column.Name, true),
        ColumnType.Int64 => new DataField<long>(column.Name, true),
        ColumnType.Float64 => new DataField<double>(column.Name, true),
        ColumnType.String => new DataField<string>(column.Name),
        _ => new DataField<byte[]>(column.Name),
    };

    private static async Task WriteGroupAsync(ParquetWriter writer, DataField[] fields, List<RecordBatch> batches, CancellationToken cancellationToken)
    {
        using var group = writer.CreateRowGroup();
        for (var i = 0; i < fields.Length; i++)
        {
            var arrays = batches.Select(batch => batch.Column(i)).ToList();
            switch (arrays[0])
            {
                case BooleanArray:
                    await group.WriteAsync<bool>(fields[i], Cells<BooleanArray, bool?>(arrays, (array, row) => array.GetValue(row)), cancellationToken: cancellationToken);
                    break;
                case Int64Array:
                    await group.WriteAsync<long>(fields[i], Cells<Int64Array, long?>(arrays, (array, row) => array.GetValue(row)), cancellationToken: cancellationToken);
                    break;
                case DoubleArray:
                    await group.WriteAsync<double>(fields[i], Cells<DoubleArray, double?>(arrays, (array, row) => array.GetValue(row)), cancellationToken: cancellationToken);
                    break;
                case StringArray:
                    await group.WriteAsync(fields[i], Cells<StringArray, string?>(arrays, (array, row) => array.GetString(row)));
                    break;
                default:
                    await group.WriteAsync(fields[i], Cells<BinaryArray, byte[]?>(arrays, (array, row) => array.IsNull(row) ? null : array.GetBytes(row).ToArray()));
                    break;
            }
        }

        group.CompleteValidate();
    }

    private static T[] Cells<TArray, T>(List<IArrowArray> arrays, Func<TArray, int, T> get)
        where TArray : IArrowArray
    {
        var cells = new T[arrays.Sum(array => array.Length)];
        var at = 0;
        foreach (var array in arrays.Cast<TArray>())
        {
            for (var row = 0; row < array.Length; row++)
            {
                cells[at++] = get(array, row);
            }
        }

        return cells;
    }
}
