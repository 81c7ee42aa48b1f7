using Apache.Arrow;
using Microsoft.Extensions.Options;
using OrleansDL.Blobs;
using OrleansDL.Datasets.Formats;
using OrleansDL.Datasets.Ingest;
using OrleansDL.Datasets.Manifests;
using OrleansDL.Datasets.Statistics;

namespace OrleansDL.Datasets;

/// <summary>Summaries of single files and of manifests' nodes, for versions whose rows are not simply the parent's and the new ones. Each is worked out once and kept.</summary>
internal sealed class FileSummaries(BlobStore blobs, DatasetBlobs datasets, FileSummaryTable summaries, FormatReaders readers, IOptions<IngestLimits> limits)
{
    /// <summary>Keeps what was learnt of files while they came in.</summary>
    public async Task RememberAsync(IEnumerable<IngestResult> added)
    {
        foreach (var some in added.Where(result => result.Entries is [{ Rows: > 0, Labels: null }]).Chunk(1000))
        {
            await summaries.WriteAsync(some.Select(result => (result.Entries[0].Blob, KeyOf(result.Entries[0].Format, result.Columns), result.Entries[0].Header, result.Entries[0].Rows, Of(result, result.Entries[0]))));
        }
    }

    /// <summary>What an upload says of its rows; its one file's split names them.</summary>
    public static FileSummary Of(IngestResult added, DatasetEntry entry) => new()
    {
        Columns = added.Statistics,
        Rows = added.RowHashes is null ? null : new Dictionary<string, RowSketch> { [entry.Split ?? ""] = added.RowHashes },
    };

    /// <summary>The rows of a run of entries together. What changed since last time is all that is read.</summary>
    public async Task<FileSummary> SummarizeAsync(
        ManifestNode node, IReadOnlyList<Column> schema, Func<string, Task<DatasetEntry?>> findLabels, CancellationToken cancellationToken)
    {
        var key = KeyOf(FileSummaryTable.NodeFormat, schema);
        if (await summaries.FindAsync(node.Digest, key, header: false, cancellationToken) is { } known)
        {
            return known;
        }

        var entries = new List<DatasetEntry>();
        await foreach (var entry in datasets.Manifests.EntriesAsync(new ManifestRoot { Nodes = [node] }, cancellationToken: cancellationToken))
        {
            entries.Add(entry);
        }

        var summary = await SummarizeAsync(entries, schema, findLabels, cancellationToken);
        if (entries.All(entry => entry.Labels is null))
        {
            await summaries.WriteAsync([(node.Digest, key, false, node.Rows, summary)]);
        }

        return summary;
    }

    /// <summary>The rows of some files together. Of images their entries say everything.</summary>
    public async Task<FileSummary> SummarizeAsync(
        IReadOnlyCollection<DatasetEntry> entries, IReadOnlyList<Column> schema, Func<string, Task<DatasetEntry?>> findLabels, CancellationToken cancellationToken)
    {
        var parts = new List<FileSummary>();
        if (entries.Where(entry => entry.Format == IngestFormats.Image).ToList() is { Count: > 0 } images)
        {
            parts.Add(ImageTable.Summary(images));
        }

        foreach (var entry in entries.Where(entry => entry.Rows > 0 && entry.Format != IngestFormats.Image))
        {
            parts.Add(await SummarizeAsync(entry, schema, findLabels, cancellationToken));
        }

        return FileSummary.Merge(schema, parts);
    }

    // What is counted depends on which columns are lists of labels.
    private static string KeyOf(string format, IReadOnlyList<Column> columns) =>
        string.Join('\n', [format, .. columns.Where(column => column.Separator is not null).Select(column => $"{column.Separator} {column.Name}").Order(StringComparer.Ordinal)]);

    private async Task<FileSummary> SummarizeAsync(
        DatasetEntry entry, IReadOnlyList<Column> schema, Func<string, Task<DatasetEntry?>> findLabels, CancellationToken cancellationToken)
    {
        // Rows that take their labels from another file are not told by the blob alone: those are read again.
        var labels = entry.Labels is null ? null : await findLabels(entry.Labels);
        if (labels is null && await summaries.FindAsync(entry.Blob, KeyOf(entry.Format, schema), entry.Header, cancellationToken) is { } known)
        {
            return Under(known, entry);
        }

        await using var bytes = await blobs.OpenReadAsync(entry.Blob, cancellationToken);
        var read = entry.Format switch
        {
            IngestFormats.Csv or IngestFormats.Tsv => await new CsvIngest(
                entry.Header ? HeaderMode.Yes : HeaderMode.No, schema, limits.Value, CsvReader.Delimiter(entry.Format)).ReadAsync(bytes, cancellationToken),
            IngestFormats.JsonLines => await new JsonLinesIngest(schema, limits.Value).ReadAsync(bytes, cancellationToken),
            _ => null,
        };
        var summary = read is null ? await ReadAsync(entry, labels, schema, cancellationToken) : new FileSummary
        {
            Columns = read.Statistics,
            Rows = read.RowHashes is null ? null : new Dictionary<string, RowSketch> { [""] = read.RowHashes },
        };
        if (labels is null)
        {
            await summaries.WriteAsync([(entry.Blob, KeyOf(entry.Format, schema), entry.Header, entry.Rows, summary)]);
        }

        return Under(summary, entry);
    }

    private async Task<FileSummary> ReadAsync(DatasetEntry entry, DatasetEntry? labels, IReadOnlyList<Column> schema, CancellationToken cancellationToken)
    {
        var statistics = new StatisticsCollector(schema, limits.Value);

        // Images whose labels lie in another file are compared as they were when they came in: by themselves.
        var rows = new BatchRows(labels is null ? null : IdxHeader.Label);
        var builder = new BatchBuilder(Projection.Of(schema));
        await foreach (var batch in readers.Of(entry).ReadAsync(
            new EntryRead { Title = "the dataset", Entry = entry, Labels = labels, FirstRow = 0, Rows = entry.Rows }, builder, cancellationToken))
        {
            Take(batch);
        }

        if (builder.Rows > 0)
        {
            Take(builder.Take());
        }

        return new FileSummary { Columns = statistics.Finish(), Rows = new Dictionary<string, RowSketch> { [""] = rows.Sketch } };

        void Take(RecordBatch batch)
        {
            statistics.Add(batch);
            rows.Add(batch);
        }
    }

    // The same bytes may stand in another dataset under another split.
    private static FileSummary Under(FileSummary summary, DatasetEntry entry) => summary with
    {
        Rows = RowSketch.Union(summary.Rows?.Values ?? []) is { } rows ? new Dictionary<string, RowSketch> { [entry.Split ?? ""] = rows } : null,
    };
}
