using Apache.Arrow;
using Apache.Arrow.Ipc;
using OrleansDL.Datasets.Formats;

namespace OrleansDL.Datasets.Exports;

/// <summary>An Arrow IPC file. Images and tensors are binary columns whose metadata says what they hold.</summary>
internal sealed class ArrowExport : IExportWriter
{
    public string ContentType => "application/vnd.apache.arrow.file";

    public string Extension => "arrow";

    public void Check(RowQuery rows)
    {
        // Every column has a type in Arrow.
    }

    public Task WriteAsync(RowQuery rows, Stream output, CancellationToken cancellationToken) =>
        WriteAsync(rows.Columns, rows.ReadAsync(cancellationToken), output, cancellationToken);

    /// <summary>Writes rows as one file.</summary>
    public static async Task WriteAsync(IReadOnlyList<Column> columns, IAsyncEnumerable<RecordBatch> rows, Stream output, CancellationToken cancellationToken)
    {
        await using var counting = new CountingStream(output);
        using var writer = new ArrowFileWriter(counting, Projection.Of(columns).Schema, leaveOpen: true);
        await writer.WriteStartAsync(cancellationToken);
        await foreach (var batch in rows)
        {
            await writer.WriteRecordBatchAsync(batch, cancellationToken);
            await counting.DrainAsync(cancellationToken);
        }

        await writer.WriteEndAsync(cancellationToken);
        await counting.DrainAsync(cancellationToken);
    }
}
