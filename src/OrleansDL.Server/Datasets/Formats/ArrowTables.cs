using System.Runtime.CompilerServices;
using Apache.Arrow;
using Apache.Arrow.Compression;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;
using Microsoft.Extensions.Options;
using OrleansDL.Blobs;
using OrleansDL.Datasets.Ingest;

namespace OrleansDL.Datasets.Formats;

/// <summary>Reads Arrow IPC files and streams batch by batch, packed (LZ4, Zstandard) or not. Dates and times become ISO 8601 texts; lists of a fixed size of numbers become tensors.</summary>
internal sealed class ArrowTables(BlobStore blobs, IOptions<IngestLimits> limits) : ITableFormat
{
    public async Task<TableShape> InspectAsync(Stream file, CancellationToken cancellationToken)
    {
        var frames = await ArrowFrames.ReadAsync(file, limits.Value.MaximumRowGroupBytes, cancellationToken);
        using var reader = await OpenAsync(file, frames, null, cancellationToken);
        var schema = await reader.GetSchema(cancellationToken);
        return new TableShape { Rows = frames.Rows, Columns = [.. schema.FieldsList.Select(ColumnOf)] };
    }

    public async IAsyncEnumerable<RecordBatch> ReadAsync(EntryRead read, BatchBuilder batch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var file = await blobs.OpenReadAsync(read.Entry.Blob, cancellationToken);
        var frames = await ArrowFrames.ReadAsync(file, limits.Value.MaximumRowGroupBytes, cancellationToken);
        var (skip, left) = (read.FirstRow, read.Rows);
        foreach (var frame in frames.Batches)
        {
            var take = (int)Math.Min(frame.Rows - skip, left);
            if (take <= 0)
            {
                skip = Math.Max(0, skip - frame.Rows);
                continue;
            }

            using var reader = await OpenAsync(file, frames, frame, cancellationToken);
            using var rows = await reader.ReadNextRecordBatchAsync(cancellationToken)
                ?? throw read.Short(read.Rows - left);
            var columns = batch.Columns.Select(column => rows.Schema.GetFieldIndex(column.Column.Name) is >= 0 and var index ? ArrowValues.Of(rows.Column(index)) : null).ToArray();
            foreach (var full in ColumnValues.Pour(columns, (int)skip, take, batch))
            {
                yield return full;
            }

            skip = 0;
            left -= take;
            if (left == 0)
            {
                yield break;
            }
        }

        throw read.Short(read.Rows - left);
    }

    // A stream of its own for one batch: the schema, the dictionaries, the batch.
    private static async Task<ArrowStreamReader> OpenAsync(Stream file, ArrowFrames frames, ArrowFrame? batch, CancellationToken cancellationToken)
    {
        var wanted = frames.Head.Concat(batch is { } one ? [one] : []).ToList();
        var bytes = new byte[wanted.Sum(frame => frame.Length)];
        var position = 0;
        foreach (var frame in wanted)
        {
            file.Seek(frame.Offset, SeekOrigin.Begin);
            await file.ReadExactlyAsync(bytes.AsMemory(position, (int)frame.Length), cancellationToken);
            position += (int)frame.Length;
        }

        return new ArrowStreamReader(new MemoryStream(bytes, writable: false), new CompressionCodecFactory());
    }

    private static Column ColumnOf(Field field)
    {
        var own = field.Metadata?.GetValueOrDefault(ArrowTypes.TypeKey);
        var tensor = field.Metadata?.GetValueOrDefault(ArrowTypes.TensorKey);
        return field.DataType switch
        {
            BinaryType when own == "tensor" && tensor is not null => new Column { Name = field.Name, Type = ColumnType.Tensor, Tensor = tensor },
            BinaryType or LargeBinaryType => new Column { Name = field.Name, Type = ColumnType.Image },
            FixedSizeListType list when ArrowValues.Element(list.ValueDataType) is { } element =>
                new Column { Name = field.Name, Type = ColumnType.Tensor, Tensor = tensor ?? new TensorType(element, [list.ListSize]).ToString() },
            DictionaryType dictionary => new Column { Name = field.Name, Type = TypeOf(field.Name, dictionary.ValueType) },
            StringType when field.Metadata?.GetValueOrDefault(ArrowTypes.SeparatorKey) == LabelText.Separator =>
                new Column { Name = field.Name, Type = ColumnType.String, Separator = LabelText.Separator },
            _ => new Column { Name = field.Name, Type = TypeOf(field.Name, field.DataType) },
        };
    }

    private static ColumnType TypeOf(string name, IArrowType type) => type.TypeId switch
    {
        ArrowTypeId.Boolean => ColumnType.Bool,
        ArrowTypeId.Int8 or ArrowTypeId.Int16 or ArrowTypeId.Int32 or ArrowTypeId.Int64 or ArrowTypeId.UInt8 or ArrowTypeId.UInt16 or ArrowTypeId.UInt32 or ArrowTypeId.UInt64 => ColumnType.Int64,
        ArrowTypeId.HalfFloat or ArrowTypeId.Float or ArrowTypeId.Double => ColumnType.Float64,
        ArrowTypeId.String or ArrowTypeId.LargeString or ArrowTypeId.Date32 or ArrowTypeId.Date64 or ArrowTypeId.Timestamp => ColumnType.String,
        _ => throw new InvalidException($"Column '{name}' has Arrow's type {type.Name}, which is not read. Cast or flatten it before writing the file."),
    };
}
