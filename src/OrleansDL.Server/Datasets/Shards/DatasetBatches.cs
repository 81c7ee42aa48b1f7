using System.Runtime.CompilerServices;
using Apache.Arrow;
using Apache.Arrow.Ipc;
using OrleansDL.Datasets.Formats;

namespace OrleansDL.Datasets.Shards;

/// <summary>Rows of a version as an Arrow IPC stream.</summary>
internal sealed class DatasetBatches(DatasetReader reader)
{
    /// <summary>Writes the stream. <paramref name="split"/> takes only files that were said to belong to it; rows are counted over all files all the same.</summary>
    public async Task WriteAsync(
        DatasetVersion version, IReadOnlyList<string>? columns, long firstRow, long? rows, string? split, Stream target, CancellationToken cancellationToken)
    {
        var writer = new ArrowStreamWriter(target, Projection.Of(version, columns).Schema, leaveOpen: true);
        await writer.WriteStartAsync(cancellationToken);
        await foreach (var batch in ReadAsync(version, columns, firstRow, rows, split, cancellationToken))
        {
            using (batch)
            {
                await writer.WriteRecordBatchAsync(batch, cancellationToken);
            }
        }

        await writer.WriteEndAsync(cancellationToken);
    }

    private async IAsyncEnumerable<RecordBatch> ReadAsync(
        DatasetVersion version, IReadOnlyList<string>? columns, long firstRow, long? rows, string? split, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (split is null)
        {
            await foreach (var batch in reader.ReadAsync(version, firstRow, rows, columns, cancellationToken))
            {
                yield return batch;
            }

            yield break;
        }

        var end = rows is null ? long.MaxValue : firstRow + rows.Value;
        await foreach (var (entry, first) in reader.EntriesAsync(version, firstRow, cancellationToken))
        {
            if (first >= end)
            {
                yield break;
            }

            if (entry.Split == split)
            {
                var skip = Math.Max(0, firstRow - first);
                await foreach (var batch in reader.ReadEntryAsync(version, entry, skip, Math.Min(entry.Rows, end - first) - skip, columns, cancellationToken))
                {
                    yield return batch;
                }
            }
        }
    }
}
