namespace OrleansDL.Datasets.Ingest;

/// <summary>Which formats come into which kind of dataset.</summary>
internal static class IngestFormats
{
    public const string Csv = "csv";
    public const string Tsv = "tsv";
    public const string JsonLines = "jsonl";
    public const string Parquet = "parquet";
    public const string Arrow = "arrow";
    public const string Npy = "npy";
    public const string Idx = "idx";
    public const string WebDataset = "webdataset";
    public const string Tar = "tar";
    public const string Zip = "zip";
    public const string File = "file";
    public const string Image = "image";

    /// <exception cref="InvalidException">The format is unknown, or does not come into such a dataset.</exception>
    public static string Check(string format, DatasetKind kind)
    {
        string[] allowed = kind switch
        {
            DatasetKind.Table or DatasetKind.Text => [Csv, Tsv, JsonLines, Parquet, Arrow, Npy, Idx, WebDataset],
            DatasetKind.Image => [Tar, Zip, Image, WebDataset, Idx, Npy, Parquet, Arrow],
            _ => [File, Tar, Zip],
        };
        return allowed.Contains(format, StringComparer.Ordinal)
            ? format
            : throw new InvalidException(
                $"A dataset of kind {kind.ToString().ToLowerInvariant()} takes no format '{format}'. Say format={string.Join(" or format=", allowed)}.");
    }
}
