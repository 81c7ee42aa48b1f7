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
    public async Task<VersionSummary> ComputeAsync(
        DatasetKind kind, IReadOnlyList<Column> schema, DatasetVersion? onto, ManifestRoot root, ManifestEdit edit, CommitContent content, CancellationToken cancellationToken)
    {
        if (schema.Count == 0)
        {
            return new VersionSummary { Whole = FileSummary.Empty };
        }

        var parent = onto is null ? null : await datasets.SummaryAsync(onto, cancellationToken);
        if (kind == DatasetKind.Image && edit.Changes.All(change => change.Old is null && change.New!.Format == IngestFormats.Image))
        {
            var images = ImageTable.Summary([.. edit.Added.Select(found => found.Entry)]);
            return new VersionSummary { Whole = (parent ?? FileSummary.Empty).Merge(schema, images), Incoming = images };
        }

        await files.RememberAsync(content.Added);
        if (edit.Changes.All(change => change.Old is null))
        {
            var incoming = await AddedAsync(schema, edit, content, LabelsAsync, cancellationToken);
            return new VersionSummary { Whole = (parent ?? FileSummary.Empty).Merge(schema, incoming).Under(schema), Incoming = incoming.Under(schema) };
        }

        // Rows that went cannot be taken out of a sum: what stays is added up again, runs of files that stay as they were at once.
        var kept = edit.Root.Nodes.Select(node => node.Digest).ToHashSet();
        var gone = edit.Changes.Where(change => change.Old is not null).Select(change => change.Old!.Path).ToHashSet(StringComparer.Ordinal);
        var left = edit.Added.Select(found => found.Entry).ToList();
        await foreach (var entry in datasets.Manifests.EntriesAsync(
            new ManifestRoot { Nodes = [.. root.Nodes.Where(node => !kept.Contains(node.Digest))] }, cancellationToken: cancellationToken))
        {
            if (!gone.Contains(entry.Path))
            {
                left.Add(entry);
            }
        }

        var parts = new List<FileSummary>();
        foreach (var node in root.Nodes.Where(node => kept.Contains(node.Digest)))
        {
            parts.Add(await files.SummarizeAsync(node, schema, LabelsAsync, cancellationToken));
        }

        parts.Add(await files.SummarizeAsync(left, schema, LabelsAsync, cancellationToken));
        return new VersionSummary { Whole = FileSummary.Merge(schema, parts).Under(schema) };

        // A labels file may have come in with this commit, whose manifest is not stored yet.
        async Task<DatasetEntry?> LabelsAsync(string path) =>
            edit.Added.Select(found => found.Entry).FirstOrDefault(entry => entry.Path == path) ?? await datasets.Manifests.FindAsync(root, path, cancellationToken);
    }

    private async Task<FileSummary> AddedAsync(IReadOnlyList<Column> schema, ManifestEdit edit, CommitContent content, Func<string, Task<DatasetEntry?>> labels, CancellationToken cancellationToken)
    {
        var parts = new List<FileSummary>();
        var left = edit.Added.ToDictionary(found => found.Entry.Path, found => found.Entry, StringComparer.Ordinal);
        foreach (var added in content.Added.Where(added => added.Entries.All(entry => left.ContainsKey(entry.Path))))
        {
            parts.Add(FileSummaries.Of(added, added.Entries[0]));
            foreach (var entry in added.Entries)
            {
                left.Remove(entry.Path);
            }
        }

        parts.Add(await files.SummarizeAsync(left.Values, schema, labels, cancellationToken));
        return FileSummary.Merge(schema, parts);
    }
}
