using OrleansDL.Datasets.Ingest;
using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Datasets.Uploads;

/// <summary>How an uploaded file is read: as the client says, or by its name.</summary>
internal static class UploadFormats
{
    /// <exception cref="InvalidException">The name tells nothing, or the format does not come into such a dataset.</exception>
    public static string Of(string path, string? said, DatasetKind kind)
    {
        if (said == IngestFormats.Image && kind == DatasetKind.Image)
        {
            return said;
        }

        return said is not null
            ? IngestFormats.Check(said, kind)
            : kind switch
            {
                // In a dataset of files an archive is a file like any other.
                DatasetKind.Files => IngestFormats.File,
                DatasetKind.Image => ByName(path) is IngestFormats.Tar or IngestFormats.Zip ? ByName(path)! : IngestFormats.Image,
                _ => IngestFormats.Check(
                    ByName(path) ?? throw new InvalidException($"The name of '{EntryPath.Shorten(path)}' does not tell how it is read. Say its format, for example csv."), kind),
            };
    }

    private static string? ByName(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".csv" => "csv",
        ".tsv" or ".tab" => "tsv",
        ".jsonl" or ".ndjson" => "jsonl",
        ".parquet" => "parquet",
        ".arrow" or ".feather" => "arrow",
        ".npy" => "npy",
        ".tar" => "tar",
        ".zip" => "zip",
        _ => null,
    };
}
