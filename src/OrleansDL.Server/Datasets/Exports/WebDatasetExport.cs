using System.Formats.Tar;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Apache.Arrow;
using OrleansDL.Datasets.Formats;
using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Datasets.Exports;

/// <summary>A WebDataset tar: a sample a row, named by column <c>key</c> or by its number. Images are files, <c>label</c> is <c>.cls</c>, texts named as an extension are files, other values stand together in <c>.json</c>.</summary>
internal sealed class WebDatasetExport : IExportWriter
{
    public string ContentType => "application/x-tar";

    public string Extension => "tar";

    public void Check(RowQuery rows)
    {
        if (rows.Columns.FirstOrDefault(column => column.Type == ColumnType.Tensor && Pictures.Layout(column) is null) is { } tensor)
        {
            throw new InvalidException($"A WebDataset holds tensors as pictures, and '{tensor.Name}' is {tensor.Tensor}. Name other columns with columns=, or export as mds, npy or parquet.");
        }

        if (rows.Columns.Any(column => column.Name == "json") && rows.Columns.Any(column => IsValue(column)))
        {
            throw new InvalidException("The values would go into a file '.json', which is the column 'json' already. Leave one out with columns=.");
        }
    }

    public async Task WriteAsync(RowQuery rows, Stream output, CancellationToken cancellationToken)
    {
        await using var tar = new TarWriter(output, TarEntryFormat.Pax, leaveOpen: true);
        var keys = rows.Columns.Select(column => column.Name).ToList().IndexOf(WebDatasetColumns.Key);
        long number = 0;
        await foreach (var batch in rows.ReadAsync(cancellationToken))
        {
            for (var row = 0; row < batch.Length; row++, number++)
            {
                var key = keys >= 0 ? CsvExport.Text(batch.Column(keys), row) : null;
                key ??= number.ToString("d8", CultureInfo.InvariantCulture);
                if (EntryPath.Fault(key + ".x") is { } fault || key.IndexOf('.', key.LastIndexOf('/') + 1) >= 0)
                {
                    throw new InvalidException($"The key '{EntryPath.Shorten(key)}' of row {number} cannot name a sample: {EntryPath.Fault(key + ".x") ?? "it has a dot"}. Leave the column out with columns=.");
                }

                foreach (var (extension, content) in Members(rows.Columns, batch, row))
                {
                    await tar.WriteEntryAsync(
                        new PaxTarEntry(TarEntryType.RegularFile, $"{key}.{extension}") { DataStream = new MemoryStream(content), ModificationTime = rows.Version.CommittedAt }, cancellationToken);
                }
            }
        }
    }

    // Neither a file of its own nor a part of the name.
    private static bool IsValue(Column column) =>
        column.Type is not (ColumnType.Image or ColumnType.Tensor) && column.Name is not (WebDatasetColumns.Key or WebDatasetColumns.Label)
        && !(column.Type == ColumnType.String && WebDatasetColumns.IsText(column.Name));

    private static IEnumerable<(string Extension, byte[] Content)> Members(IReadOnlyList<Column> columns, RecordBatch batch, int row)
    {
        var values = new Dictionary<string, object?>(StringComparer.Ordinal);
        for (var i = 0; i < columns.Count; i++)
        {
            var (column, array) = (columns[i], batch.Column(i));
            if (IsValue(column))
            {
                values[column.Name] = RowValues.Get(array, row);
            }

            if (array.IsNull(row) || IsValue(column) || column.Name == WebDatasetColumns.Key)
            {
                continue;
            }

            yield return column.Type switch
            {
                ColumnType.Image => (Named(column, Kind(((BinaryArray)array).GetBytes(row))), ((BinaryArray)array).GetBytes(row).ToArray()),
                ColumnType.Tensor => (Named(column, "png"), Pictures.Png(column, ((BinaryArray)array).GetBytes(row).ToArray())),
                _ => (column.Name == WebDatasetColumns.Label ? WebDatasetColumns.Class : column.Name, Encoding.UTF8.GetBytes(CsvExport.Text(array, row)!)),
            };
        }

        if (values.Count > 0)
        {
            yield return ("json", JsonSerializer.SerializeToUtf8Bytes(values));
        }
    }

    private static string Named(Column column, string kind) => column.Name == WebDatasetColumns.Image ? kind : $"{column.Name}.{kind}";

    public static string Kind(ReadOnlySpan<byte> image) =>
        image.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8]) ? "jpg" : image.StartsWith("GIF8"u8) ? "gif" : image.StartsWith("BM"u8) ? "bmp" : image.StartsWith("RIFF"u8) ? "webp" : "png";
}
