using System.Runtime.CompilerServices;
using Apache.Arrow;
using OrleansDL.Datasets.Formats;

namespace OrleansDL.Datasets.Exports;

/// <summary>Rows of a version: some columns, those that match a filter, those of a split. Made by <see cref="RowQueries"/>.</summary>
internal sealed class RowQuery(DatasetReader reader, DatasetVersion version, Projection projection, RowFilter? filter, string? split, TimeProvider time)
{
    public DatasetVersion Version => version;

    /// <summary>The columns of the batches.</summary>
    public IReadOnlyList<Column> Columns => projection.Columns;

    /// <summary>The same rows with other columns.</summary>
    /// <exception cref="InvalidException">A column is unknown.</exception>
    public RowQuery Choose(params string[] columns) => new(reader, version, Projection.Of(version, columns), filter, split, time);

    /// <summary>Whether all rows come.</summary>
    public bool IsWhole => filter is null && split is null;

    /// <summary>All rows that are asked for.</summary>
    public async IAsyncEnumerable<RecordBatch> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (IsWhole)
        {
            await foreach (var batch in reader.ReadAsync(version, 0, null, Names(projection.Columns), cancellationToken))
            {
                yield return batch;
            }

            yield break;
        }

        var builder = new BatchBuilder(projection);
        await foreach (var (batch, row, _) in MatchesAsync(new RowScan(), cancellationToken))
        {
            BatchRowCopy.To(builder, batch, row);
            if (builder.Full)
            {
                yield return builder.Take();
            }
        }

        if (builder.Rows > 0)
        {
            yield return builder.Take();
        }
    }

    /// <summary>Rows that match, each in a batch and with its number in the version.</summary>
    public async IAsyncEnumerable<(RecordBatch Batch, int Row, long Number)> MatchesAsync(RowScan scan, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var names = Names([.. projection.Columns, .. (filter?.Columns ?? []).Where(column => projection.Columns.All(other => other.Name != column.Name))]);
        var now = time.GetUtcNow();
        scan.NextRow = scan.FirstRow;
        await foreach (var (first, batches) in PartsAsync(scan, names, cancellationToken))
        {
            scan.NextRow = first;
            await foreach (var batch in batches)
            {
                for (var row = 0; row < batch.Length; row++)
                {
                    if (filter?.Matches(batch, row, now) is not false)
                    {
                        yield return (batch, row, scan.NextRow + row);
                    }
                }

                scan.NextRow += batch.Length;
            }
        }
    }

    private static string[] Names(IReadOnlyList<Column> columns) => [.. columns.Select(column => column.Name)];

    // The whole version at once, or file by file those of the split.
    private async IAsyncEnumerable<(long FirstRow, IAsyncEnumerable<RecordBatch> Batches)> PartsAsync(
        RowScan scan, string[] names, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (split is null)
        {
            yield return (scan.FirstRow, reader.ReadAsync(version, scan.FirstRow, scan.MaximumRows, names, cancellationToken));
            yield break;
        }

        var left = scan.MaximumRows;
        await foreach (var (entry, first) in reader.EntriesAsync(version, scan.FirstRow, cancellationToken))
        {
            if (left == 0)
            {
                yield break;
            }

            if (entry.Split == split)
            {
                var skip = Math.Max(0, scan.FirstRow - first);
                var rows = Math.Min(left, entry.Rows - skip);
                yield return (first + skip, reader.ReadEntryAsync(version, entry, skip, rows, names, cancellationToken));
                left -= rows;
            }
        }

        // Files of other splits follow, if any: nothing of this one does.
        scan.NextRow = left == 0 ? scan.NextRow : version.Rows;
    }
}
