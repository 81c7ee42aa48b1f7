using Dapper;
using OrleansDL.Database;
using OrleansDL.Datasets.Manifests;

namespace OrleansDL.Datasets.Statistics;

/// <summary>Keeps summaries by what they are of. They follow from the bytes, so a row that is lost is only worked out again.</summary>
internal sealed class FileSummaryTable(Db database)
{
    public const string NodeFormat = "node";

    public async Task<FileSummary?> FindAsync(BlobId blob, string format, bool header, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        var document = await connection.QuerySingleOrDefaultAsync<byte[]>(
            "SELECT document FROM file_summary WHERE blob = @blob AND format = @format AND header = @header",
            new { blob = blob.Hex, format, header = header ? 1 : 0 });
        return document is null ? null : new FileSummary { Columns = CommitFormat.ReadStatistics(document), Rows = CommitFormat.ReadRowSketches(document) };
    }

    /// <summary>Keeps summaries in one transaction. What is there already stays.</summary>
    public async Task WriteAsync(IEnumerable<(BlobId Blob, string Format, bool Header, long Rows, FileSummary Summary)> summaries)
    {
        await using var connection = await database.OpenAsync();
        await using var transaction = await database.BeginAsync(connection);
        foreach (var (blob, format, header, rows, summary) in summaries)
        {
            await connection.ExecuteAsync(
                "INSERT INTO file_summary (blob, format, header, rows, document) VALUES (@blob, @format, @header, @rows, @document) ON CONFLICT DO NOTHING",
                new { blob = blob.Hex, format, header = header ? 1 : 0, rows, document = CommitFormat.WriteStatistics(summary.Columns, summary.Rows).ToArray() },
                transaction);
        }

        await transaction.CommitAsync();
    }
}
