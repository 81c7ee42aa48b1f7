using Apache.Arrow;
using Microsoft.Extensions.Options;
using OrleansDL.Blobs;
using OrleansDL.Datasets.Formats;
using OrleansDL.Datasets.Manifests;
using OrleansDL.Datasets.Statistics;

namespace OrleansDL.Datasets.Ingest;

/// <summary>Takes in files that say their own columns (Parquet, Arrow, NumPy, IDX, WebDataset): every value is read once, so that what is committed can be read.</summary>
internal sealed class TableIngest(BlobStore blobs, RowIndexes indexes, FormatReaders readers, IOptions<IngestLimits> limits)
{
    /// <exception cref="InvalidException">The file is damaged, hostile, or does not hold what can be taken.</exception>
    public async Task<IngestResult> ReadAsync(IngestRequest request, BlobRef blob, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadFileAsync(request, readers.Stored(request.Format!)!, blob, cancellationToken);
        }
        catch (Exception fault) when (fault is not (OrleansDLException or OperationCanceledException) && (fault is not IOException || fault is EndOfStreamException))
        {
            // Whatever a library throws at hostile bytes is a fault of the bytes.
            throw new InvalidException($"'{EntryPath.Shorten(request.Path)}' cannot be read as {request.Format}: {fault.Message} Write the file again, or name its format.");
        }
        catch (InvalidException fault)
        {
            throw new InvalidException($"'{EntryPath.Shorten(request.Path)}': {fault.Message}");
        }
    }

    private async Task<IngestResult> ReadFileAsync(IngestRequest request, ITableFormat format, BlobRef blob, CancellationToken cancellationToken)
    {
        TableShape shape;
        await using (var file = await blobs.OpenReadAsync(blob.Blob, cancellationToken))
        {
            shape = await format.InspectAsync(file, cancellationToken);
        }

        if (shape.Rows == 0)
        {
            throw new InvalidException("the file has no row. Upload at least one.");
        }

        var columns = TypeOverrides.Apply(shape.Columns, request.Types, request.Schema, limits.Value.MaximumColumns);
        var entry = new DatasetEntry { Path = request.Path, Blob = blob.Blob, Bytes = blob.Bytes, Rows = shape.Rows, Format = request.Format! };
        if (shape.Index is not null)
        {
            await indexes.WriteAsync(blob.Blob, entry.Format, header: false, shape.Index);
        }

        var statistics = new StatisticsCollector(columns, limits.Value);
        var rows = new BatchRows();
        var builder = new BatchBuilder(Projection.Of(columns));
        var read = new EntryRead { Title = "the upload", Entry = entry, FirstRow = 0, Rows = shape.Rows };
        await foreach (var batch in format.ReadAsync(read, builder, cancellationToken))
        {
            Take(batch);
        }

        if (builder.Rows > 0)
        {
            Take(builder.Take());
        }

        var counted = statistics.Finish();
        return new IngestResult
        {
            Entries = [entry],
            Columns = columns.Select((column, i) => column with { Nullable = counted[i].Nulls > 0 }).ToArray(),
            Statistics = counted,
            RowHashes = rows.Sketch,
            Source = blob,
        };

        void Take(RecordBatch batch)
        {
            CheckTensors(batch, columns, statistics.Rows);
            statistics.Add(batch);
            rows.Add(batch);
        }
    }

    private static void CheckTensors(RecordBatch batch, IReadOnlyList<Column> columns, long firstRow)
    {
        for (var i = 0; i < columns.Count; i++)
        {
            if (columns[i].Tensor is not { } tensor || batch.Column(i) is not BinaryArray cells)
            {
                continue;
            }

            var expected = TensorType.Parse(tensor).Bytes;
            for (var row = 0; row < cells.Length; row++)
            {
                if (!cells.IsNull(row) && cells.GetBytes(row).Length != expected)
                {
                    throw new InvalidException($"row {firstRow + row} of column '{columns[i].Name}' has {cells.GetBytes(row).Length} bytes; {tensor} has {expected}.");
                }
            }
        }
    }
}
