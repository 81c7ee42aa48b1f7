using Dapper;
using OrleansDL.Database;

namespace OrleansDL.Datasets.Formats;

/// <summary>Row indexes by blob: made when a file comes in, and made again by whoever needs one that is not there.</summary>
internal sealed class RowIndexes(Db database)
{
    public async Task<RowIndex?> FindAsync(BlobId blob, string format, bool header)
    {
        await using var connection = await database.OpenAsync();
        var bytes = await connection.QuerySingleOrDefaultAsync<byte[]>(
            "SELECT points FROM row_index WHERE sha256 = @sha256 AND format = @format AND header = @header",
            new { sha256 = blob.Hex, format, header = header ? 1 : 0 });
        return bytes is null ? null : RowIndex.Parse(bytes);
    }

    /// <summary>Keeps an index for as long as its blob is there. A file so short that it has no point has no row here.</summary>
    public async Task WriteAsync(BlobId blob, string format, bool header, RowIndex index)
    {
        if (index.Points.Count == 0)
        {
            return;
        }

        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            """
            INSERT INTO row_index (sha256, format, header, points)
            SELECT sha256, @format, @header, @points FROM blob WHERE sha256 = @sha256
            ON CONFLICT (sha256, format, header) DO UPDATE SET points = excluded.points
            """,
            new { sha256 = blob.Hex, format, header = header ? 1 : 0, points = index.ToBytes() });
    }
}
