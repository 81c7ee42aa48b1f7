using System.Text.Json;
using Dapper;
using OrleansDL.Database;

namespace OrleansDL.Datasets.Selection;

/// <summary>Commits by their tags, and the lists of labels that were told once.</summary>
internal sealed class SelectionTable(Db database)
{
    /// <summary>Numbers of the versions that carry all of some tags, oldest first.</summary>
    public async Task<IReadOnlyList<long>> VersionsWithAsync(Guid dataset, IReadOnlyList<string> tags)
    {
        await using var connection = await database.OpenAsync();
        var versions = await connection.QueryAsync<long>(
            $"SELECT version FROM dataset_tag WHERE dataset = @id AND tag {database.In("@tags")} GROUP BY version HAVING COUNT(*) = @count ORDER BY version",
            new { id = dataset.ToString(), tags = tags.ToArray(), count = tags.Count });
        return versions.ToList();
    }

    /// <summary>The list of a commit's column. Found, with null, means that the column is no label.</summary>
    public async Task<(bool Found, IReadOnlyList<string>? Labels)> FindLabelsAsync(BlobId commit, string column)
    {
        await using var connection = await database.OpenAsync();
        var text = await connection.QuerySingleOrDefaultAsync<string>(
            "SELECT labels FROM dataset_labels WHERE commit_sha256 = @commit AND column_name = @column", new { commit = commit.Hex, column });
        return (text is not null, text is null ? null : JsonSerializer.Deserialize<string[]>(text, OdlJson.Options));
    }

    public async Task WriteLabelsAsync(BlobId commit, string column, IReadOnlyList<string>? labels)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            "INSERT INTO dataset_labels (commit_sha256, column_name, labels) VALUES (@commit, @column, @text) ON CONFLICT DO NOTHING",
            new { commit = commit.Hex, column, text = JsonSerializer.Serialize(labels, OdlJson.Options) });
    }
}
