using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Apache.Arrow;
using Microsoft.Extensions.Options;
using OrleansDL.Blobs;
using OrleansDL.Datasets.Ingest;
using Parquet;
using Parquet.Schema;

namespace OrleansDL.Datasets.Formats;

/// <summary>Reads Parquet files, row group by row group. Dates and times become ISO 8601 texts, decimals floats; members of structs are columns, lists are texts.</summary>
internal sealed class ParquetTables(BlobStore blobs, IOptions<IngestLimits> limits) : ITableFormat
{
    /// <summary>Name of the file metadata in which our own files say their columns: images and tensors are binary to Parquet.</summary>
    public const string SchemaKey = "odl.schema";

    public async Task<TableShape> InspectAsync(Stream file, CancellationToken cancellationToken)
    {
        var guard = new ParquetGuard(file, limits.Value.MaximumRowGroupBytes);
        await guard.CheckFooterAsync(cancellationToken);
        await using var parquet = await OpenAsync(file, cancellationToken);
        var fields = ParquetColumn.Of(parquet.Schema);
        var paths = fields.ToDictionary(field => field.Path, field => field.IsList, StringComparer.Ordinal);
        long rows = 0;
        for (var i = 0; i < parquet.RowGroupCount; i++)
        {
            using var group = parquet.OpenRowGroupReader(i);
            await guard.CheckRowGroupAsync(group.RowGroup, i, paths, cancellationToken);
            rows += group.RowCount;
        }

        if (rows != parquet.Metadata!.NumRows)
        {
            throw new InvalidDataException($"Its footer says {parquet.Metadata.NumRows} rows, and its row groups {rows}.");
        }

        var own = OwnColumns(parquet);
        var columns = new List<Column>(fields.Count);
        foreach (var field in fields)
        {
            columns.Add((own.GetValueOrDefault(field.Name), TypeOf(field)) switch
            {
                ({ Type: ColumnType.Image or ColumnType.Tensor } known, _) when field.IsBinary => known,
                ({ Separator: LabelText.Separator }, ColumnType.String) => new Column { Name = field.Name, Type = ColumnType.String, Separator = LabelText.Separator },
                var (_, type) => new Column { Name = field.Name, Type = type },
            });
        }

        return new TableShape { Rows = rows, Columns = columns };
    }

    public async IAsyncEnumerable<RecordBatch> ReadAsync(EntryRead read, BatchBuilder batch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var file = await blobs.OpenReadAsync(read.Entry.Blob, cancellationToken);
        await using var parquet = await OpenAsync(file, cancellationToken);
        var fields = ParquetColumn.Of(parquet.Schema).ToDictionary(field => field.Name, StringComparer.Ordinal);
        var (skip, left) = (read.FirstRow, read.Rows);
        for (var i = 0; i < parquet.RowGroupCount && left > 0; i++)
        {
            using var group = parquet.OpenRowGroupReader(i);
            var take = (int)Math.Min(group.RowCount - skip, left);
            if (take <= 0)
            {
                skip -= group.RowCount;
                continue;
            }

            var columns = new ColumnValues?[batch.Columns.Count];
            for (var c = 0; c < columns.Length; c++)
            {
                columns[c] = fields.GetValueOrDefault(batch.Columns[c].Column.Name) is { } field
                    ? await (field.IsList
                        ? ParquetLists.ReadAsync(group, field, (int)group.RowCount, batch.Columns[c].Column.Separator, cancellationToken)
                        : ValuesAsync(group, field, (int)group.RowCount, cancellationToken))
                    : null;
            }

            foreach (var full in ColumnValues.Pour(columns, (int)skip, take, batch))
            {
                yield return full;
            }

            skip = 0;
            left -= take;
        }

        if (left > 0)
        {
            throw read.Short(read.Rows - left);
        }
    }

    private static Task<ParquetReader> OpenAsync(Stream file, CancellationToken cancellationToken)
    {
        file.Seek(0, SeekOrigin.Begin);
        return ParquetReader.CreateAsync(file, new ParquetOptions { UseDateOnlyTypeForDates = true }, leaveStreamOpen: true, cancellationToken);
    }

    private static Dictionary<string, Column> OwnColumns(ParquetReader parquet)
    {
        try
        {
            return parquet.CustomMetadata?.GetValueOrDefault(SchemaKey) is { } text
                ? JsonSerializer.Deserialize<List<Column>>(text, OdlJson.Options)!.ToDictionary(column => column.Name, StringComparer.Ordinal)
                : [];
        }
        catch (Exception fault) when (fault is JsonException or ArgumentException)
        {
            throw new InvalidDataException($"Its metadata '{SchemaKey}' cannot be read.");
        }
    }

    private static ColumnType TypeOf(ParquetColumn column) => column.IsList ? ColumnType.String : Type.GetTypeCode(column.Field.ClrType) switch
    {
        TypeCode.Boolean => ColumnType.Bool,
        TypeCode.Byte or TypeCode.SByte or TypeCode.Int16 or TypeCode.UInt16 or TypeCode.Int32 or TypeCode.UInt32 or TypeCode.Int64 or TypeCode.UInt64 => ColumnType.Int64,
        TypeCode.Single or TypeCode.Double or TypeCode.Decimal => ColumnType.Float64,
        TypeCode.DateTime => ColumnType.String,
        _ when column.IsText => ColumnType.String,
        _ when column.IsBinary => ColumnType.Image,
        _ when column.Field.ClrType is var type && (type == typeof(DateOnly) || type == typeof(TimeOnly) || type == typeof(TimeSpan) || type == typeof(Guid)) => ColumnType.String,
        _ => throw new InvalidException($"Column '{column.Name}' has Parquet's type {column.Field.ClrType.Name}, which is not read. Cast it before writing the file."),
    };

    private static async Task<ColumnValues> ValuesAsync(ParquetRowGroupReader group, ParquetColumn column, int rows, CancellationToken cancellationToken)
    {
        var field = column.Field;
        if (column.IsText)
        {
            var texts = new string?[rows];
            if (field.MaxDefinitionLevel > 1)
            {
                await MembersAsync<ReadOnlyMemory<char>, string>(group, field, texts, text => new string(text.Span), cancellationToken);
            }
            else
            {
                await group.ReadAsync(field, texts.AsMemory(), null, cancellationToken);
            }

            return new TextValues(texts);
        }

        if (column.IsBinary)
        {
            var values = new byte[]?[rows];
            if (field.MaxDefinitionLevel > 1)
            {
                await MembersAsync<ReadOnlyMemory<byte>, byte[]>(group, field, values, bytes => bytes.ToArray(), cancellationToken);
            }
            else
            {
                await group.ReadAsync(field, values.AsMemory(), null, cancellationToken);
            }

            return new CellValues<byte[]?>(values, (target, value) => target.AppendText(value));
        }

        return Type.GetTypeCode(field.ClrType) switch
        {
            TypeCode.Boolean => await CellsAsync<bool>((target, value) => target.AppendTruth(value)),
            TypeCode.Byte => await CellsAsync<byte>((target, value) => target.AppendInteger(value)),
            TypeCode.SByte => await CellsAsync<sbyte>((target, value) => target.AppendInteger(value)),
            TypeCode.Int16 => await CellsAsync<short>((target, value) => target.AppendInteger(value)),
            TypeCode.UInt16 => await CellsAsync<ushort>((target, value) => target.AppendInteger(value)),
            TypeCode.Int32 => await CellsAsync<int>((target, value) => target.AppendInteger(value)),
            TypeCode.UInt32 => await CellsAsync<uint>((target, value) => target.AppendInteger(value)),
            TypeCode.Int64 => await CellsAsync<long>((target, value) => target.AppendInteger(value)),
            TypeCode.UInt64 => await CellsAsync<ulong>((target, value) => target.AppendInteger(
                value <= long.MaxValue ? (long)value : throw new InvalidDataException($"Column '{field.Name}' holds {value}, which is no 64-bit integer with a sign."))),
            TypeCode.Single => await CellsAsync<float>((target, value) => target.AppendNumber(value)),
            TypeCode.Double => await CellsAsync<double>((target, value) => target.AppendNumber(value)),
            TypeCode.Decimal => await CellsAsync<decimal>((target, value) => target.AppendNumber((double)value)),
            TypeCode.DateTime => await CellsAsync<DateTime>((target, value) => Text(target, value.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture) + (value.Kind == DateTimeKind.Utc ? "Z" : ""))),
            _ when field.ClrType == typeof(DateOnly) => await CellsAsync<DateOnly>((target, value) => Text(target, value.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture))),
            _ when field.ClrType == typeof(TimeOnly) => await CellsAsync<TimeOnly>((target, value) => Text(target, value.ToString("HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture))),
            _ when field.ClrType == typeof(TimeSpan) => await CellsAsync<TimeSpan>((target, value) => Text(target, value.ToString("c", CultureInfo.InvariantCulture))),
            _ => await CellsAsync<Guid>((target, value) => Text(target, value.ToString())),
        };

        async Task<ColumnValues> CellsAsync<T>(Action<ColumnBuilder, T> append)
            where T : struct
        {
            // A member that is always there is missing where its struct is.
            if (field.MaxDefinitionLevel > 0)
            {
                var values = new T?[rows];
                await group.ReadAsync<T>(field, values.AsMemory(), null, cancellationToken);
                return new CellValues<T?>(values, (target, value) => append(target, value!.Value));
            }

            var present = new T[rows];
            await group.ReadAsync<T>(field, present.AsMemory(), null, cancellationToken);
            return new CellValues<T>(present, append);
        }
    }

    // The library takes a member for present wherever its struct is: how much of the way to a value is there is for us to see.
    private static async Task MembersAsync<TRaw, T>(
        ParquetRowGroupReader group, DataField field, T?[] values, Func<TRaw, T> copy, CancellationToken cancellationToken)
        where TRaw : struct
        where T : class
    {
        var (present, levels) = (new TRaw[values.Length], new int[values.Length]);
        await group.ReadRawAsync<TRaw>(field, present.AsMemory(), levels.AsMemory(), null, cancellationToken);
        var next = 0;
        for (var row = 0; row < values.Length; row++)
        {
            values[row] = levels[row] == field.MaxDefinitionLevel ? copy(present[next++]) : null;
        }
    }

    private static void Text(ColumnBuilder target, string text) => target.AppendText(Encoding.UTF8.GetBytes(text));
}
