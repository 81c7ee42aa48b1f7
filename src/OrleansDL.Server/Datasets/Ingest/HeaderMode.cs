namespace OrleansDL.Datasets.Ingest;

/// <summary>Whether the first line of a CSV file names the columns.</summary>
internal enum HeaderMode
{
    /// <summary>Decided from the first two records, see <see cref="CsvIngest"/>.</summary>
    Auto = 0,
    Yes = 1,
    No = 2,
}
