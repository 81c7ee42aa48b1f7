using System.Runtime.CompilerServices;
using Apache.Arrow;
using Microsoft.Extensions.Options;
using OrleansDL.Blobs;
using OrleansDL.Datasets.Ingest;

namespace OrleansDL.Datasets.Formats;

/// <summary>Reads NumPy arrays: one dimension is column <c>c0</c>, two are <c>c0</c>, <c>c1</c>, ..., more are one column <c>tensor</c>; records have their fields' names.</summary>
internal sealed class NpyTables(BlobStore blobs, IOptions<IngestLimits> limits) : ITableFormat
{
    public async Task<TableShape> InspectAsync(Stream file, CancellationToken cancellationToken)
    {
        var layout = await NpyHeader.ReadAsync(file, limits.Value.MaximumColumns, cancellationToken);
        return new TableShape { Rows = layout.Rows, Columns = [.. layout.Columns.Select(column => column.Column)] };
    }

    public async IAsyncEnumerable<RecordBatch> ReadAsync(EntryRead read, BatchBuilder batch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var file = await blobs.OpenReadAsync(read.Entry.Blob, cancellationToken);
        var layout = await NpyHeader.ReadAsync(file, int.MaxValue, cancellationToken);
        await foreach (var full in layout.ReadAsync(file, read.FirstRow, read.Rows, batch, cancellationToken))
        {
            yield return full;
        }
    }
}
