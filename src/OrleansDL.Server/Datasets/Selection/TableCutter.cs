using System.Runtime.CompilerServices;
using Apache.Arrow;
using OrleansDL.Blobs;
using OrleansDL.Datasets.Exports;
using OrleansDL.Datasets.Formats;
using OrleansDL.Datasets.Ingest;

namespace OrleansDL.Datasets.Selection;

/// <summary>Writes some rows of a file whose rows cannot be copied byte by byte as a file of the same format: Parquet and Arrow get the values, columns and types that are read of them.</summary>
internal sealed class TableCutter(BlobStore blobs, FormatReaders readers)
{
    public async Task<DatasetEntry> CutAsync(DatasetEntry entry, RowMask mask, CancellationToken cancellationToken)
    {
        var format = readers.Stored(entry.Format)!;
        TableShape shape;
        await using (var file = await blobs.OpenReadAsync(entry.Blob, cancellationToken))
        {
            shape = await format.InspectAsync(file, cancellationToken);
        }

        await using var target = blobs.Create();
        var rows = RowsAsync(entry, format, shape.Columns, mask, cancellationToken);
        await (entry.Format == IngestFormats.Parquet
            ? ParquetExport.WriteAsync(shape.Columns, rows, target, cancellationToken)
            : ArrowExport.WriteAsync(shape.Columns, rows, target, cancellationToken));
        var blob = await target.CompleteAsync(cancellationToken);
        return entry with { Blob = blob.Blob, Bytes = blob.Bytes, Rows = mask.Count };
    }

    private static async IAsyncEnumerable<RecordBatch> RowsAsync(
        DatasetEntry entry, ITableFormat format, IReadOnlyList<Column> columns, RowMask mask, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var taken = new BatchBuilder(Projection.Of(columns));
        var all = new BatchBuilder(Projection.Of(columns));
        var read = new EntryRead { Title = "the selection", Entry = entry, FirstRow = 0, Rows = entry.Rows };
        long number = 0;
        await foreach (var batch in format.ReadAsync(read, all, cancellationToken))
        {
            foreach (var full in Take(batch))
            {
                yield return full;
            }
        }

        if (all.Rows > 0)
        {
            foreach (var full in Take(all.Take()))
            {
                yield return full;
            }
        }

        if (taken.Rows > 0)
        {
            yield return taken.Take();
        }

        IEnumerable<RecordBatch> Take(RecordBatch batch)
        {
            for (var row = 0; row < batch.Length; row++)
            {
                if (mask[number++])
                {
                    BatchRowCopy.To(taken, batch, row);
                    if (taken.Full)
                    {
                        yield return taken.Take();
                    }
                }
            }
        }
    }
}
