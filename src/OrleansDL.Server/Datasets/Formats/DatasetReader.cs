using System.Runtime.CompilerServices;
using Apache.Arrow;
using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Datasets.Formats;

/// <summary>Reads rows of a version as Arrow record batches of at most 4096 rows and about 16 MiB, in manifest order. What lies before the first row wanted is not read.</summary>
internal sealed class DatasetReader(DatasetBlobs datasets, FormatReaders formats)
{
    /// <param name="version">The version.</param>
    /// <param name="firstRow">Counted from 0 in manifest order.</param>
    /// <param name="rows">How many at most; null reads to the end.</param>
    /// <param name="columns">Which, in this order; null reads all. See <see cref="Projection"/>.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="InvalidException">A column is unknown.</exception>
    public async IAsyncEnumerable<RecordBatch> ReadAsync(
        DatasetVersion version, long firstRow = 0, long? rows = null, IReadOnlyList<string>? columns = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var batch = new BatchBuilder(Projection.Of(version, columns));
        var left = rows ?? long.MaxValue;
        await foreach (var (entry, first) in EntriesAsync(version, firstRow, cancellationToken))
        {
            if (left <= 0)
            {
                break;
            }

            var skip = Math.Max(0, firstRow - first);
            var take = Math.Min(entry.Rows - skip, left);
            await foreach (var full in formats.Of(entry).ReadAsync(await ReadOfAsync(version, entry, skip, take, cancellationToken), batch, cancellationToken))
            {
                yield return full;
            }

            left -= take;
        }

        if (batch.Rows > 0)
        {
            yield return batch.Take();
        }
    }

    /// <summary>Reads rows of one file of a version; <paramref name="firstRow"/> counts within the file.</summary>
    public async IAsyncEnumerable<RecordBatch> ReadEntryAsync(
        DatasetVersion version, DatasetEntry entry, long firstRow = 0, long? rows = null, IReadOnlyList<string>? columns = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var batch = new BatchBuilder(Projection.Of(version, columns));
        var take = Math.Min(entry.Rows - firstRow, rows ?? long.MaxValue);
        if (take > 0)
        {
            await foreach (var full in formats.Of(entry).ReadAsync(await ReadOfAsync(version, entry, firstRow, take, cancellationToken), batch, cancellationToken))
            {
                yield return full;
            }
        }

        if (batch.Rows > 0)
        {
            yield return batch.Take();
        }
    }

    /// <summary>Files that have rows from a row on, each with the number of its first row. Runs of files before it are skipped by their counts.</summary>
    public async IAsyncEnumerable<(DatasetEntry Entry, long FirstRow)> EntriesAsync(
        DatasetVersion version, long firstRow, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var root = await datasets.Manifests.ReadRootAsync(version.Content, cancellationToken);
        var (row, after) = Skip(root, firstRow);
        await foreach (var entry in datasets.Manifests.EntriesAsync(root, after, cancellationToken))
        {
            if (entry.Rows > 0 && row + entry.Rows > firstRow)
            {
                yield return (entry, row);
            }

            row += entry.Rows;
        }
    }

    private static (long Row, string? After) Skip(ManifestRoot root, long firstRow)
    {
        var (row, after) = (0L, (string?)null);
        foreach (var node in root.Nodes)
        {
            if (row + node.Rows > firstRow)
            {
                break;
            }

            row += node.Rows;
            after = node.Last;
        }

        return (row, after);
    }

    private async Task<EntryRead> ReadOfAsync(DatasetVersion version, DatasetEntry entry, long firstRow, long rows, CancellationToken cancellationToken)
    {
        DatasetEntry? labels = null;
        if (entry.Labels is not null)
        {
            var root = await datasets.Manifests.ReadRootAsync(version.Content, cancellationToken);
            labels = await datasets.Manifests.FindAsync(root, entry.Labels, cancellationToken) ?? throw new InvalidException(
                $"'{entry.Path}' of {version.DatasetName}@v{version.Version} has its labels in '{entry.Labels}', which is not there. Commit that file again.");
        }

        return new EntryRead { Title = $"{version.DatasetName}@v{version.Version}", Entry = entry, Labels = labels, FirstRow = firstRow, Rows = rows };
    }
}
