using System.Globalization;
using System.Runtime.CompilerServices;
using Apache.Arrow;
using OrleansDL.Blobs;
using OrleansDL.Datasets.Formats;
using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Datasets.Exports;

/// <summary>An archive of images in folders named after their labels, or of plain files. A file that is a row keeps its path where that says its label; other rows are named by their number.</summary>
internal sealed class FolderExport(string extension, BlobStore blobs) : IExportWriter
{
    private static readonly string[] ImageEndings = [".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp"];

    public string ContentType => extension == "zip" ? "application/zip" : "application/x-tar";

    public string Extension => extension;

    public void Check(RowQuery rows)
    {
        if (rows.Version.Kind == DatasetKind.Files)
        {
            if (rows.Columns.All(column => column.Name != FileColumns.Content.Name))
            {
                throw new InvalidException($"{extension} holds the files of a dataset of files. Leave columns= out, or export as csv or jsonl.");
            }

            return;
        }

        if (rows.Columns.Count(IsPicture) != 1 || rows.Columns.All(column => column.Name != "label"))
        {
            throw new InvalidException($"{extension} holds images in folders of their labels: it needs one column of images and a column 'label'. Export as original, mds, webdataset or parquet.");
        }
    }

    public async Task WriteAsync(RowQuery rows, Stream output, CancellationToken cancellationToken)
    {
        await using IArchive archive = extension == "zip"
            ? new PackedArchive(output, rows.Version.CommittedAt)
            : new TarArchive(output, rows.Version.CommittedAt);
        await foreach (var (path, content) in rows.Version.Kind == DatasetKind.Files ? FilesAsync(rows, cancellationToken) : ImagesAsync(rows, cancellationToken))
        {
            await using (content)
            {
                await archive.AddAsync(path, content, cancellationToken);
            }
        }
    }

    // The bytes go from the store into the archive: a file may be larger than memory.
    private async IAsyncEnumerable<(string Path, Stream Content)> FilesAsync(RowQuery rows, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var batch in rows.Choose(FileColumns.Path.Name, FileColumns.Blob.Name).ReadAsync(cancellationToken))
        {
            var (paths, ids) = ((StringArray)batch.Column(0), (StringArray)batch.Column(1));
            for (var row = 0; row < batch.Length; row++)
            {
                yield return (paths.GetString(row), await blobs.OpenReadAsync(BlobId.Parse(ids.GetString(row)), cancellationToken));
            }
        }
    }

    private static async IAsyncEnumerable<(string Path, Stream Content)> ImagesAsync(RowQuery rows, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var image = rows.Columns.First(IsPicture);
        var wanted = rows.Version.Kind == DatasetKind.Image ? rows.Choose(image.Name, "label", FileColumns.Path.Name) : rows.Choose(image.Name, "label");
        long number = 0;
        await foreach (var batch in wanted.ReadAsync(cancellationToken))
        {
            var (images, labels) = ((BinaryArray)batch.Column(0), batch.Column(1));
            for (var row = 0; row < batch.Length; row++, number++)
            {
                var label = CsvExport.Text(labels, row);
                if (images.IsNull(row) || string.IsNullOrEmpty(label))
                {
                    continue;
                }

                if (label is "." or ".." || label.Contains('/', StringComparison.Ordinal) || EntryPath.Fault(label) is not null)
                {
                    throw new InvalidException($"The label '{label}' of row {number} cannot name a folder. Export as webdataset, mds or parquet.");
                }

                var bytes = images.GetBytes(row).ToArray();
                var path = batch.ColumnCount > 2 ? CsvExport.Text(batch.Column(2), row) : null;
                yield return image.Type == ColumnType.Tensor
                    ? (Numbered("png"), new MemoryStream(Pictures.Png(image, bytes)))
                    : (Says(path, label) ? path! : Numbered(WebDatasetExport.Kind(bytes)), new MemoryStream(bytes));

                string Numbered(string kind) => string.Create(CultureInfo.InvariantCulture, $"{label}/{number:d8}.{kind}");
            }
        }
    }

    private static bool Says(string? path, string label) =>
        path is not null && EntryPath.Fault(path) is null && ImageEndings.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase)
        && path.Split('/') is [.., var folder, _] && folder == label;

    private static bool IsPicture(Column column) => column.Type == ColumnType.Image || Pictures.Layout(column) is not null;
}
