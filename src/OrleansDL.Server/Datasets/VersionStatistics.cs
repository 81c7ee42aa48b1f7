using OrleansDL.Datasets.Ingest;
using OrleansDL.Datasets.Manifests;
using OrleansDL.Datasets.Statistics;

namespace OrleansDL.Datasets;

/// <summary>Statistics of a new version, from the parent's and what changed where that is enough, else from its files.</summary>
internal sealed class VersionStatistics(DatasetBlobs datasets, FileSummaries files)
{
    /// <param name="kind">What the dataset holds.</param>
    /// <param name="schema">The new version's columns.</param>
    /// <param name="onto">The version the edit began from; null when it began from nothing.</param>
    /// <param name="root">That version's manifest.</param>
    /// <param name="edit">What changed. Its nodes need not be stored yet.</param>
    /// <param name="content">What came in.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<IReadOnlyList<ColumnStatistics>> ComputeAsync(
        DatasetKind kind, IReadOnlyList<Column> schema, DatasetVersion? onto, ManifestRoot root, ManifestEdit edit, CommitContent content, CancellationToken cancellationToken)
    {
        if (schema.Count == 0)
        {
            return [];
        }

        var parent = onto is null ? null : await datasets.StatisticsAsync(onto, cancellationToken);
        if (kind == DatasetKind.Image && edit.Changes.All(change => (change.New ?? change.Old)!.Format == IngestFormats.Image))
        {
            var added = ImageTable.Summarize([.. edit.Added.Select(found => found.Entry)]);
            var gone = ImageTable.Summarize([.. edit.Changes.Where(change => change.Old is not null).Select(change => change.Old!)]);
            return parent is null ? added : StatisticsMerge.Merge(schema, ImageTable.Subtract(parent, gone), added);
        }

        // Rows that went cannot be taken out of a sum: what stays is added up again, file by file.
        var summed = edit.Changes.Any(change => change.Old is not null) ? null : parent;
        var left = edit.Added.Select(found => found.Entry).ToList();
        if (summed != parent)
        {
            var gone = edit.Changes.Where(change => change.Old is not null).Select(change => change.Old!.Path).ToHashSet(StringComparer.Ordinal);
            await foreach (var entry in datasets.Manifests.EntriesAsync(root, cancellationToken: cancellationToken))
            {
                if (!gone.Contains(entry.Path))
                {
                    left.Add(entry);
                }
            }
        }

        var known = left.Select(entry => entry.Path).ToHashSet(StringComparer.Ordinal);
        foreach (var added in content.Added.Where(added => added.Entries.All(entry => known.Contains(entry.Path))))
        {
            Sum(added.Statistics);
            known.ExceptWith(added.Entries.Select(entry => entry.Path));
        }

        foreach (var entry in left.Where(entry => entry.Rows > 0 && known.Contains(entry.Path)))
        {
            // Looked for among what came in, then in the manifest that is stored: the new one's nodes may not be.
            var labels = entry.Labels is null
                ? null
                : edit.Added.Select(added => added.Entry).FirstOrDefault(added => added.Path == entry.Labels)
                    ?? await datasets.Manifests.FindAsync(root, entry.Labels, cancellationToken);
            Sum(await files.SummarizeAsync(entry, labels, schema, cancellationToken));
        }

        return summed ?? [];

        void Sum(IReadOnlyList<ColumnStatistics> more) => summed = summed is null or [] ? more : StatisticsMerge.Merge(schema, summed, more);
    }
}
