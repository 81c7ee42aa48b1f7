using System.Buffers.Binary;
using System.Formats.Tar;
using System.Runtime.CompilerServices;
using Apache.Arrow;
using OrleansDL.Datasets.Formats;

namespace OrleansDL.Datasets.Exports;

/// <summary>A tar of two IDX files, as MNIST has them: tensors of one column, and their labels if there is a column of integers.</summary>
internal sealed class IdxExport(RowQueries queries) : IExportWriter
{
    public string ContentType => "application/x-tar";

    public string Extension => "idx.tar";

    public void Check(RowQuery rows)
    {
        if (rows.Columns.Count is 0 or > 2 || rows.Columns.Count(column => column.Type == ColumnType.Tensor) != 1
            || rows.Columns.Any(column => column.Type is not (ColumnType.Tensor or ColumnType.Int64)) || !rows.IsWhole)
        {
            throw new InvalidException("idx holds all rows of one tensor column and, beside it, one of integer labels. Name them with columns=image,label, without filter and split, or export as npy or mds.");
        }

        if (TensorType.Parse(rows.Columns.First(column => column.Type == ColumnType.Tensor).Tensor!).Element == "int64")
        {
            throw new InvalidException("idx has no 64-bit integers. Export as npy.");
        }
    }

    public async Task WriteAsync(RowQuery rows, Stream output, CancellationToken cancellationToken)
    {
        var version = rows.Version;
        await using var tar = new TarWriter(output, TarEntryFormat.Pax, leaveOpen: true);
        foreach (var column in rows.Columns.OrderBy(column => column.Type != ColumnType.Tensor))
        {
            var only = queries.Of(version, column.Name, null, null);
            var survey = column.Type == ColumnType.Tensor ? null : await RowSurvey.OfAsync(only, cancellationToken);
            if (survey?.Nulls(0) > 0 || (survey is null && column.Nullable))
            {
                throw new InvalidException($"idx has no nulls, and '{column.Name}' has some. Export as parquet or arrow.");
            }

            var (header, element) = Header(column, survey, version.Rows);
            var bytes = header.Length + (version.Rows * (column.Tensor is null ? element : TensorType.Parse(column.Tensor).Bytes));
            await using var content = new PulledStream(bytes, PiecesAsync(header, element, only, cancellationToken));
            var dimensions = header[3];
            await tar.WriteEntryAsync(
                new PaxTarEntry(TarEntryType.RegularFile, $"{version.DatasetName}-{(column.Tensor is null ? "labels" : "images")}-idx{dimensions}-ubyte")
                {
                    DataStream = content,
                    ModificationTime = version.CommittedAt,
                },
                cancellationToken);
        }
    }

    private static (byte[] Header, int ElementBytes) Header(Column column, RowSurvey? survey, long rows)
    {
        if (rows > uint.MaxValue)
        {
            throw new InvalidException($"idx counts up to {uint.MaxValue} rows. Export as npy.");
        }

        var tensor = column.Tensor is null ? null : TensorType.Parse(column.Tensor);
        var (type, bytes) = tensor?.Element switch
        {
            "uint8" => (0x08, 1),
            "int8" => (0x09, 1),
            "int16" => (0x0B, 2),
            "int32" => (0x0C, 4),
            "float32" => (0x0D, 4),
            "float64" => (0x0E, 8),
            _ => survey!.Integers(0) switch
            {
                ( >= 0, <= byte.MaxValue) => (0x08, 1),
                ( >= int.MinValue, <= int.MaxValue) => (0x0C, 4),
                _ => throw new InvalidException($"idx has no 64-bit integers, which '{column.Name}' holds. Export as npy."),
            },
        };
        long[] sizes = [rows, .. (tensor?.Shape ?? []).Select(size => (long)size)];
        var header = new byte[4 + (4 * sizes.Length)];
        (header[2], header[3]) = ((byte)type, (byte)sizes.Length);
        for (var i = 0; i < sizes.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4 + (4 * i)), (uint)sizes[i]);
        }

        return (header, bytes);
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> PiecesAsync(byte[] header, int element, RowQuery rows, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return header;
        await foreach (var batch in rows.ReadAsync(cancellationToken))
        {
            yield return batch.Column(0) is Int64Array labels ? Labels(labels, element) : Tensors((BinaryArray)batch.Column(0), element);
        }
    }

    private static byte[] Labels(Int64Array labels, int element)
    {
        var bytes = new byte[labels.Length * element];
        for (var row = 0; row < labels.Length; row++)
        {
            if (element == 1)
            {
                bytes[row] = (byte)labels.Values[row];
            }
            else
            {
                BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(row * 4), (int)labels.Values[row]);
            }
        }

        return bytes;
    }

    // Values without nulls lie side by side; IDX has the great end first.
    private static byte[] Tensors(BinaryArray tensors, int element)
    {
        var bytes = tensors.ValueBuffer.Span[..tensors.ValueOffsets[tensors.Length]].ToArray();
        for (var i = 0; element > 1 && i < bytes.Length; i += element)
        {
            bytes.AsSpan(i, element).Reverse();
        }

        return bytes;
    }
}
