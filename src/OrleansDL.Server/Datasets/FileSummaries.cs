using Microsoft.Extensions.Options;
using OrleansDL.Blobs;
using OrleansDL.Datasets.Ingest;

namespace OrleansDL.Datasets;

/// <summary>Statistics of single files that lie in the store, for versions whose rows are not simply the parent's and the new ones.</summary>
internal sealed class FileSummaries(BlobStore blobs, IOptions<IngestLimits> limits)
{
    public async Task<IReadOnlyList<ColumnStatistics>> SummarizeAsync(DatasetEntry entry, IReadOnlyList<Column> schema, CancellationToken cancellationToken)
    {
        await using var bytes = await blobs.OpenReadAsync(entry.Blob, cancellationToken);
        var table = entry.Format switch
        {
            IngestFormats.Csv => await new CsvIngest(entry.Header ? HeaderMode.Yes : HeaderMode.No, schema, limits.Value).ReadAsync(bytes, cancellationToken),
            IngestFormats.JsonLines => await new JsonLinesIngest(schema, limits.Value).ReadAsync(bytes, cancellationToken),
            _ => throw new InvalidException($"'{entry.Path}' is of format '{entry.Format}', whose rows cannot be counted again. Replace the whole version with mode=replace."),
        };
        return table.Statistics;
    }
}
