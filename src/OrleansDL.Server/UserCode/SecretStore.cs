using System.Security.Cryptography;
using Dapper;
using OrleansDL.Database;

namespace OrleansDL.UserCode;

/// <summary>The table of secrets, whose values are sealed.</summary>
internal sealed class SecretStore(Db database, SecretKey key, TimeProvider time)
{
    private const string Columns = "name AS Name, created_at AS CreatedAt, updated_at AS UpdatedAt";

    /// <exception cref="ConflictException">The secrets there are were sealed with another key.</exception>
    public async Task<ProjectSecret> SetAsync(string project, string name, string value)
    {
        var box = await BoxAsync();
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            """
            INSERT INTO project_secret (project, name, key_id, sealed, created_at, updated_at) VALUES (@project, @name, @keyId, @text, @now, @now)
            ON CONFLICT (project, name) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed, updated_at = excluded.updated_at
            """,
            new { project, name, keyId = box.KeyId, text = box.Seal(project, name, value), now = time.Now() });
        var row = await connection.QuerySingleAsync<Row>($"SELECT {Columns} FROM project_secret WHERE project = @project AND name = @name", new { project, name });
        return row.ToSecret();
    }

    public async Task<Page<ProjectSecret>> ListAsync(string project, PageRequest page)
    {
        await using var connection = await database.OpenAsync();
        var rows = await connection.QueryAsync<Row>(
            $"SELECT {Columns} FROM project_secret WHERE project = @project AND name > @after ORDER BY name LIMIT @limit",
            new { project, after = PageTokens.Decode(page.Token)?[0] ?? "", limit = page.CheckedSize() + 1 });
        return rows.Select(row => row.ToSecret()).ToList().ToPage(page, secret => [secret.Name]);
    }

    /// <returns>Whether there was one.</returns>
    public async Task<bool> DeleteAsync(string project, string name)
    {
        await using var connection = await database.OpenAsync();
        return await connection.ExecuteAsync("DELETE FROM project_secret WHERE project = @project AND name = @name", new { project, name }) > 0;
    }

    /// <summary>The sealed value; null: there is no such secret.</summary>
    public async Task<(string KeyId, string Sealed)?> FindAsync(string project, string name)
    {
        await using var connection = await database.OpenAsync();
        return await connection.QuerySingleOrDefaultAsync<(string, string)?>(
            "SELECT key_id, sealed FROM project_secret WHERE project = @project AND name = @name", new { project, name });
    }

    /// <exception cref="ConflictException">It was sealed with another key, or is damaged.</exception>
    public async Task<string> OpenAsync(string project, string name, string keyId, string text)
    {
        try
        {
            return await key.FindAsync() is { } box && box.KeyId == keyId ? box.Open(project, name, text) : throw OtherKey();
        }
        catch (CryptographicException e)
        {
            throw new ConflictException($"Secret '{name}' of project '{project}' cannot be opened: {e.Message} Set it again.");
        }
    }

    private async Task<SecretBox> BoxAsync()
    {
        var box = await key.FindAsync();
        await using var connection = await database.OpenAsync();
        var others = await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM project_secret WHERE key_id <> @keyId", new { keyId = box?.KeyId ?? "" });
        return others > 0 ? throw OtherKey() : box ?? await key.MakeAsync();
    }

    private ConflictException OtherKey() => new(
        $"The secrets are sealed with another key than '{key.Path}' of this server. Give all servers the same file (Secrets:KeyFile), or delete the secrets and set them again.");

    private sealed class Row
    {
        public string Name { get; set; } = "";
        public long CreatedAt { get; set; }
        public long UpdatedAt { get; set; }

        public ProjectSecret ToSecret() => new() { Name = Name, CreatedAt = Micros.ToTime(CreatedAt), UpdatedAt = Micros.ToTime(UpdatedAt) };
    }
}
