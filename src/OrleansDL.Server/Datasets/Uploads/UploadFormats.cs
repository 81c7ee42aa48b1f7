using OrleansDL.Datasets.Ingest;

namespace OrleansDL.Datasets.Uploads;

/// <summary>How an uploaded file is read: as the client says, or as is found out.</summary>
internal static class UploadFormats
{
    private static readonly string[] Images = [".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp"];

    /// <summary>Null is found out from the file's bytes and name.</summary>
    /// <exception cref="InvalidException">The format does not come into such a dataset.</exception>
    public static string? Of(string path, string? said, DatasetKind kind)
    {
        if (said is not null)
        {
            return IngestFormats.Check(said, kind);
        }

        return kind switch
        {
            // In a dataset of files an archive is a file like any other.
            DatasetKind.Files => IngestFormats.File,

            // Images are many: a look at their names is enough.
            DatasetKind.Image when Images.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase) => IngestFormats.Image,
            _ => null,
        };
    }
}
