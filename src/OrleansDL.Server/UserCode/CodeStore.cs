using System.Globalization;
using Dapper;
using OrleansDL.Blobs;
using OrleansDL.Database;

namespace OrleansDL.UserCode;

/// <summary>The tables of code. What a row names is referred to in the blob store before the row is written.</summary>
internal sealed class CodeStore(Db database, BlobStore blobs, TimeProvider time)
{
    private const string CodeColumns = "id AS Id, project AS Project, name AS Name, latest_version AS LatestVersion, created_at AS CreatedAt";

    private const string VersionColumns =
        "v.code AS Code, c.name AS CodeName, v.version AS Version, v.digest AS Digest, v.files AS Files, v.bytes AS Bytes, v.created_at AS CreatedAt FROM code_version v JOIN code c ON c.id = v.code";

    /// <summary>Makes the row of code whose name was claimed. Repeating it does nothing.</summary>
    public async Task InsertAsync(Guid id, string project, string name)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            "INSERT INTO code (id, project, name, latest_version, created_at) VALUES (@id, @project, @name, 0, @now) ON CONFLICT (id) DO NOTHING",
            new { id = id.ToString(), project, name, now = time.Now() });
    }

    /// <summary>The version of those files, made now if there is none.</summary>
    public async Task<CodeVersion> AddVersionAsync(Guid id, BlobId digest)
    {
        var files = CodeManifest.Read(await blobs.ReadAsync(digest));
        await blobs.ReferAsync(OwnerOf(id), files.Select(file => file.Blob).Append(digest));
        await using var connection = await database.OpenAsync();
        await using (var transaction = await database.BeginAsync(connection))
        {
            var parameters = new { id = id.ToString(), digest = digest.ToString(), files = files.Count, bytes = files.Sum(file => file.Bytes), now = time.Now() };

            // The row of the code is written first, so that two pushes wait for each other.
            await connection.ExecuteAsync("UPDATE code SET latest_version = latest_version WHERE id = @id", parameters, transaction);
            await connection.ExecuteAsync(
                """
                INSERT INTO code_version (code, version, digest, files, bytes, created_at)
                SELECT @id, latest_version + 1, @digest, @files, @bytes, @now FROM code WHERE id = @id ON CONFLICT (code, digest) DO NOTHING
                """,
                parameters, transaction);
            await connection.ExecuteAsync(
                "UPDATE code SET latest_version = (SELECT COALESCE(MAX(version), 0) FROM code_version WHERE code = @id) WHERE id = @id", parameters, transaction);
            await transaction.CommitAsync();
        }

        return await FindVersionAsync(id, "digest", digest.ToString())
            ?? throw new ConflictException($"Code {id} was deleted while a version of it was pushed. Push it again.");
    }

    public async Task<CodeArtifact?> FindAsync(Guid id)
    {
        await using var connection = await database.OpenAsync();
        return (await connection.QuerySingleOrDefaultAsync<CodeRow>($"SELECT {CodeColumns} FROM code WHERE id = @id", new { id = id.ToString() }))?.ToCode();
    }

    public async Task<Page<CodeArtifact>> ListAsync(string project, PageRequest page)
    {
        await using var connection = await database.OpenAsync();
        var rows = await connection.QueryAsync<CodeRow>(
            $"SELECT {CodeColumns} FROM code WHERE project = @project AND name > @after ORDER BY name LIMIT @limit",
            new { project, after = PageTokens.Decode(page.Token)?[0] ?? "", limit = page.CheckedSize() + 1 });
        return rows.Select(row => row.ToCode()).ToList().ToPage(page, code => [code.Name]);
    }

    /// <summary>Newest first.</summary>
    public async Task<Page<CodeVersion>> ListVersionsAsync(Guid id, PageRequest page)
    {
        var before = PageTokens.Decode(page.Token) is [var token] && long.TryParse(token, CultureInfo.InvariantCulture, out var version) ? version : long.MaxValue;
        await using var connection = await database.OpenAsync();
        var rows = await connection.QueryAsync<VersionRow>(
            $"SELECT {VersionColumns} WHERE v.code = @id AND v.version < @before ORDER BY v.version DESC LIMIT @limit",
            new { id = id.ToString(), before, limit = page.CheckedSize() + 1 });
        return rows.Select(row => row.ToVersion()).ToList().ToPage(page, row => [row.Version.ToString(CultureInfo.InvariantCulture)]);
    }

    public Task<CodeVersion?> FindVersionAsync(Guid id, long version) => FindVersionAsync(id, "version", version);

    public Task<CodeVersion?> FindVersionAsync(Guid id, BlobId digest) => FindVersionAsync(id, "digest", digest.ToString());

    /// <summary>Deletes the rows, and lets go of the bytes. Repeating it does nothing.</summary>
    public async Task DeleteAsync(Guid id)
    {
        await using (var connection = await database.OpenAsync())
        {
            await using var transaction = await database.BeginAsync(connection);
            await connection.ExecuteAsync("DELETE FROM code_version WHERE code = @id", new { id = id.ToString() }, transaction);
            await connection.ExecuteAsync("DELETE FROM code WHERE id = @id", new { id = id.ToString() }, transaction);
            await transaction.CommitAsync();
        }

        await blobs.UnreferAsync(OwnerOf(id));
    }

    private static string OwnerOf(Guid id) => $"code:{id}";

    private async Task<CodeVersion?> FindVersionAsync(Guid id, string column, object value)
    {
        await using var connection = await database.OpenAsync();
        return (await connection.QuerySingleOrDefaultAsync<VersionRow>(
            $"SELECT {VersionColumns} WHERE v.code = @id AND v.{column} = @value", new { id = id.ToString(), value }))?.ToVersion();
    }

    private sealed class CodeRow
    {
        public string Id { get; set; } = "";
        public string Project { get; set; } = "";
        public string Name { get; set; } = "";
        public long LatestVersion { get; set; }
        public long CreatedAt { get; set; }

        public CodeArtifact ToCode() => new()
        {
            Id = Guid.Parse(Id),
            Project = Project,
            Name = Name,
            LatestVersion = LatestVersion,
            CreatedAt = Micros.ToTime(CreatedAt),
        };
    }

    private sealed class VersionRow
    {
        public string Code { get; set; } = "";
        public string CodeName { get; set; } = "";
        public long Version { get; set; }
        public string Digest { get; set; } = "";
        public int Files { get; set; }
        public long Bytes { get; set; }
        public long CreatedAt { get; set; }

        public CodeVersion ToVersion() => new()
        {
            Code = Guid.Parse(Code),
            CodeName = CodeName,
            Version = Version,
            Digest = BlobId.Parse(Digest),
            Files = Files,
            Bytes = Bytes,
            CreatedAt = Micros.ToTime(CreatedAt),
        };
    }
}
