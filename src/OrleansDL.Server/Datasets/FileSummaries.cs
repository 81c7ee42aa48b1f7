using Microsoft.Extensions.Options;
using OrleansDL.Blobs;
using OrleansDL.Datasets.Formats;
using OrleansDL.Datasets.Ingest;
using OrleansDL.Datasets.Statistics;

namespace OrleansDL.Datasets;

/// <summary>Statistics of single files that lie in the store, for versions whose rows are not simply the parent's and the new ones.</summary>
internal sealed class FileSummaries(BlobStore blobs, FormatReaders readers, IOptions<IngestLimits> limits)
{
    public async Task<IReadOnlyList<ColumnStatistics>> SummarizeAsync(DatasetEntry entry, DatasetEntry? labels, IReadOnlyList<Column> schema, CancellationToken cancellationToken)
    {
        await using var bytes = await blobs.OpenReadAsync(entry.Blob, cancellationToken);
        var table = entry.Format switch
        {
            IngestFormats.Csv or IngestFormats.Tsv => await new CsvIngest(
                entry.Header ? HeaderMode.Yes : HeaderMode.No, schema, limits.Value, CsvReader.Delimiter(entry.Format)).ReadAsync(bytes, cancellationToken),
            IngestFormats.JsonLines => await new JsonLinesIngest(schema, limits.Value).ReadAsync(bytes, cancellationToken),
            _ => null,
        };
        return table?.Statistics ?? await ReadAsync(entry, labels, schema, cancellationToken);
    }

    private async Task<IReadOnlyList<ColumnStatistics>> ReadAsync(DatasetEntry entry, DatasetEntry? labels, IReadOnlyList<Column> schema, CancellationToken cancellationToken)
    {
        var statistics = new StatisticsCollector(schema);
        var builder = new BatchBuilder(Projection.Of(schema));
        await foreach (var batch in readers.Of(entry).ReadAsync(
            new EntryRead { Title = "the dataset", Entry = entry, Labels = labels, FirstRow = 0, Rows = entry.Rows }, builder, cancellationToken))
        {
            statistics.Add(batch);
        }

        if (builder.Rows > 0)
        {
            statistics.Add(builder.Take());
        }

        return statistics.Finish();
    }
}
