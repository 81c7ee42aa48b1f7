using System.Globalization;
using OrleansDL.Database;
using OrleansDL.Datasets.Formats;

namespace OrleansDL.Datasets;

/// <summary>Shows a version's rows page by page. A page token holds the version and the next row, so that nothing before it is read again.</summary>
internal sealed class DatasetRows(DatasetReader reader)
{
    /// <summary>The version to read: the next page is of the version the first one was, also when <c>latest</c> has moved on.</summary>
    /// <exception cref="InvalidException">The page token is none of this list.</exception>
    public static string Pinned(string version, string? pageToken) => PageTokens.Decode(pageToken, parts: 2) is [var commit, _] ? commit : version;

    public async Task<Page<Dictionary<string, object?>>> ReadAsync(DatasetVersion version, PageRequest page, CancellationToken cancellationToken)
    {
        var size = page.CheckedSize();
        var token = PageTokens.Decode(page.Token, parts: 2);
        long first = 0;
        if (token is not null && !long.TryParse(token[1], NumberStyles.None, CultureInfo.InvariantCulture, out first))
        {
            throw new InvalidException("The page token is not one that this list gave out. Leave it out to begin at the first page.");
        }

        var rows = new List<Dictionary<string, object?>>(size);
        await foreach (var batch in reader.ReadAsync(version, first, size, Shown(version), cancellationToken))
        {
            for (var i = 0; i < batch.Length; i++)
            {
                rows.Add(RowValues.Of(batch, i));
            }
        }

        var next = first + rows.Count;
        return new Page<Dictionary<string, object?>>
        {
            Items = rows,
            NextPageToken = next < version.Rows ? PageTokens.Encode(version.Commit.ToString(), next.ToString(CultureInfo.InvariantCulture)) : null,
        };
    }

    // The bytes of files do not go into JSON: what is known of them does.
    private static string[] Shown(DatasetVersion version) =>
        [.. Projection.Known(version).Where(column => column.Type is not (ColumnType.Image or ColumnType.Tensor)).Select(column => column.Name)];
}
