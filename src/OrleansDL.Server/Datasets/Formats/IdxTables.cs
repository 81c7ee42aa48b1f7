using System.Runtime.CompilerServices;
using Apache.Arrow;
using OrleansDL.Blobs;

namespace OrleansDL.Datasets.Formats;

/// <summary>Reads IDX files. Images whose entry names a file of labels have both in a row.</summary>
internal sealed class IdxTables(BlobStore blobs) : ITableFormat
{
    public async Task<TableShape> InspectAsync(Stream file, CancellationToken cancellationToken)
    {
        var layout = await IdxHeader.ReadAsync(file, cancellationToken);
        return new TableShape { Rows = layout.Rows, Columns = [.. layout.Columns.Select(column => column.Column)] };
    }

    public async IAsyncEnumerable<RecordBatch> ReadAsync(EntryRead read, BatchBuilder batch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var images = await blobs.OpenReadAsync(read.Entry.Blob, cancellationToken);
        var layout = await IdxHeader.ReadAsync(images, cancellationToken);
        if (read.Labels is null)
        {
            await foreach (var full in layout.ReadAsync(images, read.FirstRow, read.Rows, batch, cancellationToken))
            {
                yield return full;
            }

            yield break;
        }

        await using var labels = await blobs.OpenReadAsync(read.Labels.Blob, cancellationToken);
        var labelLayout = await IdxHeader.ReadAsync(labels, cancellationToken);
        var row = read.FirstRow;
        await foreach (var (records, count) in layout.BlocksAsync(images, read.FirstRow, read.Rows, cancellationToken))
        {
            var labelBlock = new byte[count * labelLayout.RecordBytes];
            labels.Seek(labelLayout.Start + (row * labelLayout.RecordBytes), SeekOrigin.Begin);
            await labels.ReadExactlyAsync(labelBlock, cancellationToken);
            var values = batch.Columns
                .Select(column => layout.Values(column.Column.Name, records) ?? labelLayout.Values(column.Column.Name, labelBlock)).ToArray();
            foreach (var full in ColumnValues.Pour(values, 0, count, batch))
            {
                yield return full;
            }

            row += count;
        }
    }
}
