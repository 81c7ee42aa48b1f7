using System.Formats.Tar;
using System.Globalization;
using Apache.Arrow;

namespace OrleansDL.Datasets.Exports;

/// <summary>A tar of images in folders named after their labels.</summary>
internal sealed class FolderExport : IExportWriter
{
    public string ContentType => "application/x-tar";

    public string Extension => "tar";

    public void Check(RowQuery rows)
    {
        if (rows.Columns.Count(IsPicture) != 1 || rows.Columns.All(column => column.Name != "label"))
        {
            throw new InvalidException("tar holds images in folders of their labels: it needs one column of images and a column 'label'. Export as original, mds, webdataset or parquet.");
        }
    }

    public async Task WriteAsync(RowQuery rows, Stream output, CancellationToken cancellationToken)
    {
        await using var tar = new TarWriter(output, TarEntryFormat.Pax, leaveOpen: true);
        var image = rows.Columns.First(IsPicture);
        long number = 0;
        await foreach (var batch in rows.ReadAsync(cancellationToken))
        {
            var (images, labels) = ((BinaryArray)batch.Column(image.Name), batch.Column("label"));
            for (var row = 0; row < batch.Length; row++, number++)
            {
                var label = CsvExport.Text(labels, row);
                if (images.IsNull(row) || string.IsNullOrEmpty(label))
                {
                    continue;
                }

                if (label is "." or ".." || label.Contains('/', StringComparison.Ordinal) || Manifests.EntryPath.Fault(label) is not null)
                {
                    throw new InvalidException($"The label '{label}' of row {number} cannot name a folder. Export as webdataset, mds or parquet.");
                }

                var bytes = images.GetBytes(row).ToArray();
                await tar.WriteEntryAsync(
                    new PaxTarEntry(TarEntryType.RegularFile, string.Create(CultureInfo.InvariantCulture, $"{label}/{number:d8}.{(image.Type == ColumnType.Tensor ? "png" : WebDatasetExport.Kind(bytes))}"))
                    {
                        DataStream = new MemoryStream(image.Type == ColumnType.Tensor ? Pictures.Png(image, bytes) : bytes),
                        ModificationTime = rows.Version.CommittedAt,
                    },
                    cancellationToken);
            }
        }
    }

    private static bool IsPicture(Column column) => column.Type == ColumnType.Image || Pictures.Layout(column) is not null;
}
