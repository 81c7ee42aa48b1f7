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

    public async Task WriteAsync(RowQuery rows, Stream output, CancellationToken cancellationToken)
    {
        await using var counting = new CountingStream(output);
        using var writer = new ArrowFileWriter(counting, Projection.Of(rows.Columns).Schema, leaveOpen: true);
        await writer.WriteStartAsync(cancellationToken);
        await foreach (var batch in rows.ReadAsync(cancellationToken))
        {
            await writer.WriteRecordBatchAsync(batch, cancellationToken);
            await counting.DrainAsync(cancellationToken);
        }

        await writer.WriteEndAsync(cancellationToken);
        await counting.DrainAsync(cancellationToken);
    }
}
