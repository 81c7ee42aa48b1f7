using System.Globalization;
using Apache.Arrow;
using OrleansDL.Database;
using OrleansDL.Datasets.Exports;
using OrleansDL.Datasets.Formats;

namespace OrleansDL.Datasets;

/// <summary>Shows a version's rows page by page, and single rows. A page token holds the version and the next row, so that nothing before it is read again.</summary>
internal sealed class DatasetRows(DatasetReader reader, RowQueries queries)
{
    /// <summary>Rows that one page looks at when a filter leaves rows out: then it ends, perhaps empty, and the next goes on.</summary>
    public const int MaximumScanned = 100_000;

    /// <summary>The version to read: the next page is of the version the first one was, also when <c>latest</c> has moved on.</summary>
    /// <exception cref="InvalidException">The page token is none of this list.</exception>
    public static string Pinned(string version, string? pageToken) => PageTokens.Decode(pageToken, parts: 2) is [var commit, _] ? commit : version;

    /// <param name="project">The dataset's project, for the links to thumbnails.</param>
    /// <param name="version">The version.</param>
    /// <param name="page">Size and token.</param>
    /// <param name="columns">Which, with commas between; null is all.</param>
    /// <param name="filter">A condition rows must meet, or null.</param>
    /// <param name="split">Only rows of this split, or null.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async Task<Page<Dictionary<string, object?>>> ReadAsync(
        string project, DatasetVersion version, PageRequest page, string? columns, string? filter, string? split, CancellationToken cancellationToken)
    {
        var size = page.CheckedSize();
        long first = 0;
        if (PageTokens.Decode(page.Token, parts: 2) is { } token && !long.TryParse(token[1], NumberStyles.None, CultureInfo.InvariantCulture, out first))
        {
            throw new InvalidException("The page token is not one that this list gave out. Leave it out to begin at the first page.");
        }

        var shown = Shown(version, columns);
        var values = string.Join(',', shown.Where(IsValue).Select(column => column.Name));
        var query = queries.Of(version, values, filter, split, otherwise: []);
        var rows = new List<Dictionary<string, object?>>(size);
        var scan = new RowScan { FirstRow = first, MaximumRows = query.IsWhole ? size : MaximumScanned };
        var next = -1L;
        await foreach (var (batch, row, number) in query.MatchesAsync(scan, cancellationToken))
        {
            rows.Add(RowOf(project, version, shown, batch, row, number));
            if (rows.Count == size)
            {
                next = number + 1;
                break;
            }
        }

        next = next < 0 ? scan.NextRow : next;
        return new Page<Dictionary<string, object?>>
        {
            Items = rows,
            NextPageToken = next < version.Rows ? PageTokens.Encode(version.Commit.ToString(), next.ToString(CultureInfo.InvariantCulture)) : null,
        };
    }

    /// <summary>One row by its number, counted from 0 in manifest order.</summary>
    /// <exception cref="NotFoundException">The version has fewer rows.</exception>
    public async Task<Dictionary<string, object?>> GetAsync(string project, DatasetVersion version, long row, string? columns, CancellationToken cancellationToken)
    {
        var shown = Shown(version, columns);
        await foreach (var batch in reader.ReadAsync(version, Checked(version, row), 1, [.. shown.Where(IsValue).Select(column => column.Name)], cancellationToken))
        {
            return RowOf(project, version, shown, batch, 0, row);
        }

        throw Missing(version, row);
    }

    /// <summary>A picture of a row's image or tensor.</summary>
    /// <param name="version">The version.</param>
    /// <param name="row">Counted from 0 in manifest order.</param>
    /// <param name="column">The column; null takes the first that can be shown.</param>
    /// <param name="size">Pixels of the longer side, at most.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="InvalidException">The column holds no pictures.</exception>
    /// <exception cref="NotFoundException">The version has fewer rows, or the value is null.</exception>
    public async Task<byte[]> ThumbnailAsync(DatasetVersion version, long row, string? column, int size, CancellationToken cancellationToken)
    {
        var known = Projection.All(version);
        var shown = known.FirstOrDefault(found => column is null ? IsPicture(found) : found.Name == column);
        if (shown is null || !IsPicture(shown))
        {
            throw new InvalidException(
                $"{version.DatasetName}@v{version.Version} has no pictures in column '{column ?? "any"}'; thumbnails are made of image columns and of tensors uint8[h,w], [h,w,3] or [3,h,w].");
        }

        await foreach (var batch in reader.ReadAsync(version, Checked(version, row), 1, [shown.Name], cancellationToken))
        {
            return RowValues.Get(batch.Column(0), 0) is byte[] bytes
                ? Pictures.Thumbnail(shown, bytes, size)
                : throw new NotFoundException($"Row {row} of {version.DatasetName}@v{version.Version} has no value in column '{shown.Name}'.");
        }

        throw Missing(version, row);
    }

    private static long Checked(DatasetVersion version, long row) => row >= 0 && row < version.Rows ? row : throw Missing(version, row);

    private static NotFoundException Missing(DatasetVersion version, long row) =>
        new($"{version.DatasetName}@v{version.Version} has no row {row}; it has {version.Rows}, counted from 0.");

    // The bytes of files are shown by what is known of them.
    private static IReadOnlyList<Column> Shown(DatasetVersion version, string? columns) => string.IsNullOrEmpty(columns)
        ? [.. Projection.Known(version).Where(column => IsValue(column) || column.Tensor is not null || column.Type == ColumnType.Image)]
        : Projection.Of(version, columns.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Columns;

    private static bool IsValue(Column column) => column.Type is not (ColumnType.Image or ColumnType.Tensor);

    private static bool IsPicture(Column column) => column.Type == ColumnType.Image || Pictures.Layout(column) is not null;

    private static Dictionary<string, object?> RowOf(
        string project, DatasetVersion version, IReadOnlyList<Column> shown, RecordBatch batch, int row, long number)
    {
        var values = new Dictionary<string, object?>(shown.Count, StringComparer.Ordinal);
        foreach (var column in shown)
        {
            values[column.Name] = IsValue(column)
                ? RowValues.Get(batch.Column(column.Name), row)
                : IsPicture(column)
                    ? new Dictionary<string, object?>
                    {
                        ["thumbnail"] = string.Create(
                            CultureInfo.InvariantCulture,
                            $"/v1/projects/{Uri.EscapeDataString(project)}/datasets/{Uri.EscapeDataString(version.DatasetName)}/versions/{version.Commit}/rows/{number}/thumbnail?column={Uri.EscapeDataString(column.Name)}"),
                    }
                    : new Dictionary<string, object?> { ["tensor"] = column.Tensor };
        }

        return values;
    }
}
