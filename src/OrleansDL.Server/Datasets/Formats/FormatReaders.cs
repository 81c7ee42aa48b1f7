using OrleansDL.Datasets.Ingest;

namespace OrleansDL.Datasets.Formats;

/// <summary>Which reader reads which format.</summary>
internal sealed class FormatReaders(
    CsvReader csv, JsonLinesReader jsonLines, ParquetTables parquet, ArrowTables arrow, NpyTables npy, IdxTables idx, WebDatasetTables webDataset, FileReader files)
{
    public IFormatReader Of(DatasetEntry entry) => entry.Format switch
    {
        IngestFormats.Csv or IngestFormats.Tsv => csv,
        IngestFormats.JsonLines => jsonLines,
        IngestFormats.Image or IngestFormats.File => files,
        _ => Stored(entry.Format) ?? throw new InvalidException($"'{entry.Path}' has format '{entry.Format}', which this version of OrleansDL does not read. Upgrade it."),
    };

    /// <summary>Formats whose files say themselves which columns they have; null for others.</summary>
    public ITableFormat? Stored(string format) => format switch
    {
        IngestFormats.Parquet => parquet,
        IngestFormats.Arrow => arrow,
        IngestFormats.Npy => npy,
        IngestFormats.Idx => idx,
        IngestFormats.WebDataset => webDataset,
        _ => null,
    };
}
