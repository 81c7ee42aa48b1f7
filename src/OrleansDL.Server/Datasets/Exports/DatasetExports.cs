using Microsoft.AspNetCore.Http;
using OrleansDL.Blobs;

namespace OrleansDL.Datasets.Exports;

/// <summary>Gives a version's rows in another format, as a stream.</summary>
internal sealed class DatasetExports(RowQueries queries, BlobStore blobs, DatasetDownloads downloads, CroissantExport croissant)
{
    private readonly Dictionary<string, IExportWriter> _writers = new(StringComparer.Ordinal)
    {
        ["csv"] = new CsvExport(','),
        ["tsv"] = new CsvExport('\t'),
        ["jsonl"] = new JsonLinesExport(),
        ["parquet"] = new ParquetExport(),
        ["arrow"] = new ArrowExport(),
        ["npy"] = new NpyExport(),
        ["idx"] = new IdxExport(queries),
        ["tar"] = new FolderExport("tar", blobs),
        ["zip"] = new FolderExport("zip", blobs),
        ["webdataset"] = new WebDatasetExport(),
        ["mds"] = new MdsExport(),
    };

    /// <exception cref="InvalidException">The format is unknown, or cannot hold the rows.</exception>
    public async Task WriteAsync(
        DatasetVersion version, string format, string? columns, string? filter, string? split, HttpContext context, CancellationToken cancellationToken)
    {
        var chosen = !string.IsNullOrEmpty(columns) || !string.IsNullOrEmpty(filter) || !string.IsNullOrEmpty(split);
        if (format is "original" or "croissant" && chosen)
        {
            throw new InvalidException($"{format} is of whole files: it takes no columns, filter or split.");
        }

        switch (format)
        {
            case "original":
                await downloads.WriteTarAsync(version, context.Response, cancellationToken);
                return;
            case "croissant":
                await croissant.WriteAsync(version, context, cancellationToken);
                return;
        }

        var writer = _writers.GetValueOrDefault(format)
            ?? throw new InvalidException($"There is no export format '{format}'. Formats are {string.Join(", ", _writers.Keys)}, croissant and original.");
        var rows = queries.Of(version, columns, filter, split);
        writer.Check(rows);
        context.Response.ContentType = writer.ContentType;
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{version.DatasetName}-v{version.Version}.{writer.Extension}\"";
        await writer.WriteAsync(rows, context.Response.Body, cancellationToken);
    }
}
