using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dapper;
using OrleansDL.Database;
using OrleansDL.Datasets.Branches;
using OrleansDL.Projects;

namespace OrleansDL.Datasets;

/// <summary>The rows of datasets, versions and tags: written by each dataset's grain, read by everyone.</summary>
internal sealed class DatasetTable(Db database)
{
    private const string DatasetColumns =
        "d.id AS Id, n.project AS Project, n.name AS Name, d.kind AS Kind, d.description AS Description, d.created_at AS CreatedAt, d.latest_version AS LatestVersion, d.head AS Head, d.revision AS Revision, d.retention AS Retention, (SELECT p.document FROM dataset_policy p WHERE p.dataset = d.id) AS Policy";

    private const string VersionColumns =
        "v.version AS Version, v.document AS Document, n.name AS Name, e.expired_at AS ExpiredAt, e.purged AS Purged, e.reason AS Reason";

    private const string Versions =
        "dataset_version v JOIN name n ON n.id = v.dataset AND n.kind = @NameKind LEFT JOIN dataset_expired e ON e.dataset = v.dataset AND e.version = v.version";

    private static readonly int NameKind = (int)ThingKind.Dataset;

    public async Task WriteAsync(Guid id, DatasetState state)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            """
            INSERT INTO dataset (id, project, kind, description, created_at, latest_version, head, revision, retention)
            VALUES (@id, @Project, @kind, @Description, @created, @LatestVersion, @head, @Revision, @retention)
            ON CONFLICT (id) DO UPDATE SET latest_version = excluded.latest_version, head = excluded.head, revision = excluded.revision, retention = excluded.retention
            """,
            new
            {
                id = id.ToString(),
                state.Project,
                kind = (int)state.Kind,
                state.Description,
                created = Micros.From(state.CreatedAt),
                state.LatestVersion,
                head = state.Head?.ToString(),
                state.Revision,
                retention = state.Retention is null ? null : JsonSerializer.Serialize(state.Retention, OdlJson.Options),
            });
        if (state.Policy is { } policy)
        {
            await connection.ExecuteAsync(
                "INSERT INTO dataset_policy (dataset, document) VALUES (@id, @document) ON CONFLICT (dataset) DO UPDATE SET document = excluded.document",
                new { id = id.ToString(), document = JsonSerializer.Serialize(policy, OdlJson.Options) });
        }
    }

    /// <summary>Writes a version, its tags, and its branch's new head. Repeating it does nothing, however late.</summary>
    /// <param name="request">Who asked.</param>
    /// <param name="version">The version.</param>
    /// <param name="revision">Counts the dataset's changes: an older one never undoes a newer one.</param>
    public async Task WriteVersionAsync(Guid request, DatasetVersion version, long revision)
    {
        await using var connection = await database.OpenAsync();
        await using var transaction = await database.BeginAsync(connection);
        await connection.ExecuteAsync(
            """
            INSERT INTO dataset_version (dataset, version, commit_sha256, request_id, committed_at, document)
            VALUES (@dataset, @Version, @commit, @request, @committed, @document) ON CONFLICT DO NOTHING
            """,
            new
            {
                dataset = version.Dataset.ToString(),
                version.Version,
                commit = version.Commit.Hex,
                request = request.ToString(),
                committed = Micros.From(version.CommittedAt),
                document = JsonSerializer.Serialize(version, OdlJson.Options),
            },
            transaction);
        foreach (var tag in version.Tags)
        {
            await InsertTagAsync(connection, transaction, version.Dataset, tag, version.Version);
        }

        await BranchTable.WriteParentsAsync(connection, transaction, version);
        var branch = new DatasetBranch { Name = version.Branch ?? DatasetReference.Main, Head = version.Commit, Version = version.Version, MovedAt = version.CommittedAt };
        await BranchTable.WriteAsync(connection, transaction, version.Dataset, branch, revision);
        await transaction.CommitAsync();
    }

    public async Task WriteTagAsync(Guid dataset, string tag, long version)
    {
        await using var connection = await database.OpenAsync();
        await InsertTagAsync(connection, null, dataset, tag, version);
    }

    /// <summary>Puts a tag on one version only.</summary>
    public async Task MoveTagAsync(Guid dataset, string tag, long version)
    {
        await using var connection = await database.OpenAsync();
        await using var transaction = await database.BeginAsync(connection);
        await InsertTagAsync(connection, transaction, dataset, tag, version);
        await connection.ExecuteAsync(
            "DELETE FROM dataset_tag WHERE dataset = @id AND tag = @tag AND version <> @version", new { id = dataset.ToString(), tag, version }, transaction);
        await transaction.CommitAsync();
    }

    /// <summary>Takes a tag off a version, or off all.</summary>
    public async Task DeleteTagAsync(Guid dataset, string tag, long? version)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            $"DELETE FROM dataset_tag WHERE dataset = @id AND tag = @tag{(version is null ? "" : " AND version = @version")}", new { id = dataset.ToString(), tag, version });
    }

    public async Task<Page<DatasetTag>> ListTagsAsync(Guid dataset, PageRequest page)
    {
        var after = PageTokens.Decode(page.Token)?[0] ?? "";
        await using var connection = await database.OpenAsync();
        var rows = await connection.QueryAsync<(string Name, long Version, long Count)>(
            "SELECT tag, MAX(version), COUNT(*) FROM dataset_tag WHERE dataset = @id AND tag > @after GROUP BY tag ORDER BY tag LIMIT @limit",
            new { id = dataset.ToString(), after, limit = page.CheckedSize() + 1 });
        return rows.Select(row => new DatasetTag { Name = row.Name, Version = row.Version, Versions = row.Count }).ToList().ToPage(page, tag => [tag.Name]);
    }

    /// <summary>The requests that made a dataset's versions: each owns the blobs it brought.</summary>
    public async Task<IReadOnlyList<Guid>> RequestsAsync(Guid dataset)
    {
        await using var connection = await database.OpenAsync();
        var rows = await connection.QueryAsync<string>("SELECT request_id FROM dataset_version WHERE dataset = @id", new { id = dataset.ToString() });
        return [.. rows.Select(Guid.Parse)];
    }

    public async Task DeleteAsync(Guid dataset)
    {
        await using var connection = await database.OpenAsync();
        await using var transaction = await database.BeginAsync(connection);
        foreach (var statement in (string[])["DELETE FROM dataset_tag WHERE dataset = @id", "DELETE FROM dataset_branch WHERE dataset = @id", "DELETE FROM dataset_parent WHERE dataset = @id",
            "DELETE FROM dataset_expired WHERE dataset = @id", "DELETE FROM dataset_version WHERE dataset = @id", "DELETE FROM dataset_policy WHERE dataset = @id", "DELETE FROM dataset WHERE id = @id"])
        {
            await connection.ExecuteAsync(statement, new { id = dataset.ToString() }, transaction);
        }

        await transaction.CommitAsync();
    }

    public async Task<Dataset?> FindAsync(Guid id)
    {
        await using var connection = await database.OpenAsync();
        var row = await connection.QuerySingleOrDefaultAsync<DatasetRow>(
            $"SELECT {DatasetColumns} FROM dataset d JOIN name n ON n.id = d.id AND n.kind = @NameKind WHERE d.id = @id", new { id = id.ToString(), NameKind });
        return row?.ToDataset();
    }

    public async Task<Page<Dataset>> ListAsync(string project, PageRequest page)
    {
        var after = PageTokens.Decode(page.Token)?[0] ?? "";
        await using var connection = await database.OpenAsync();
        var rows = await connection.QueryAsync<DatasetRow>(
            $"SELECT {DatasetColumns} FROM name n JOIN dataset d ON d.id = n.id WHERE n.project = @project AND n.kind = @NameKind AND n.name > @after ORDER BY n.name LIMIT @limit",
            new { project, NameKind, after, limit = page.CheckedSize() + 1 });
        return rows.Select(row => row.ToDataset()).ToList().ToPage(page, dataset => [dataset.Name]);
    }

    public async Task<Page<DatasetVersion>> ListVersionsAsync(Guid dataset, PageRequest page)
    {
        var before = PageTokens.Decode(page.Token) is [var token]
            ? long.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new InvalidException("The page token is not one that this list gave out. Leave it out to begin at the first page.")
            : long.MaxValue;
        await using var connection = await database.OpenAsync();
        var rows = (await connection.QueryAsync<VersionRow>(
            $"SELECT {VersionColumns} FROM {Versions} WHERE v.dataset = @id AND v.version < @before ORDER BY v.version DESC LIMIT @limit",
            new { id = dataset.ToString(), NameKind, before, limit = page.CheckedSize() + 1 })).ToList();
        var versions = await WithTagsAsync(connection, dataset, rows);
        return versions.ToPage(page, version => [version.Version.ToString(CultureInfo.InvariantCulture)]);
    }

    /// <summary>The version that a reference's second part names, or null.</summary>
    public async Task<DatasetVersion?> FindVersionAsync(Guid dataset, string version)
    {
        var id = dataset.ToString();
        if (version == DatasetReference.Latest)
        {
            return await FindBranchHeadAsync(dataset, DatasetReference.Main);
        }

        if (DatasetReference.Number(version) is { } number)
        {
            return await SingleAsync(dataset, "v.dataset = @id AND v.version = @number", new { id, NameKind, number });
        }

        if (BlobId.TryParse(version, out var commit))
        {
            return await SingleAsync(dataset, "v.dataset = @id AND v.commit_sha256 = @commit", new { id, NameKind, commit = commit.Hex });
        }

        // Names of branches and tags are one namespace: only one of the two can be found.
        return await FindBranchHeadAsync(dataset, version) ?? await SingleAsync(
            dataset,
            "v.dataset = @id AND v.version = (SELECT MAX(t.version) FROM dataset_tag t WHERE t.dataset = @id AND t.tag = @version)",
            new { id, NameKind, version });
    }

    /// <summary>Versions by their numbers, newest first.</summary>
    public async Task<IReadOnlyList<DatasetVersion>> FindVersionsAsync(Guid dataset, IReadOnlyList<long> numbers)
    {
        await using var connection = await database.OpenAsync();
        var rows = (await connection.QueryAsync<VersionRow>(
            $"SELECT {VersionColumns} FROM {Versions} WHERE v.dataset = @id AND v.version {database.In("@numbers")} ORDER BY v.version DESC",
            new { id = dataset.ToString(), NameKind, numbers = numbers.ToArray() })).ToList();
        return await WithTagsAsync(connection, dataset, rows);
    }

    /// <summary>The version a branch is at, or null when there is no such branch.</summary>
    public Task<DatasetVersion?> FindBranchHeadAsync(Guid dataset, string branch) => SingleAsync(
        dataset,
        "v.dataset = @id AND v.version = (SELECT b.version FROM dataset_branch b WHERE b.dataset = @id AND b.name = @branch)",
        new { id = dataset.ToString(), NameKind, branch });

    /// <summary>Which of some names are tags of the dataset, or branches.</summary>
    public async Task<IReadOnlyList<string>> TakenAsync(Guid dataset, IReadOnlyList<string> names, bool byBranches)
    {
        await using var connection = await database.OpenAsync();
        var rows = await connection.QueryAsync<string>(
            byBranches
                ? $"SELECT name FROM dataset_branch WHERE dataset = @id AND name {database.In("@names")}"
                : $"SELECT DISTINCT tag FROM dataset_tag WHERE dataset = @id AND tag {database.In("@names")}",
            new { id = dataset.ToString(), names = names.ToArray() });
        return rows.ToList();
    }

    /// <summary>The version that a commit request made, or null.</summary>
    public Task<DatasetVersion?> FindByRequestAsync(Guid dataset, Guid request) =>
        SingleAsync(dataset, "v.dataset = @id AND v.request_id = @request", new { id = dataset.ToString(), NameKind, request = request.ToString() });

    /// <summary>Changes with everything that can be edited or committed.</summary>
    public static string ETag(Guid id, long revision, string name) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}/{revision}/{name}"))).AsSpan(0, 8));

    private async Task<DatasetVersion?> SingleAsync(Guid dataset, string condition, object arguments)
    {
        await using var connection = await database.OpenAsync();
        var rows = (await connection.QueryAsync<VersionRow>(
            $"SELECT {VersionColumns} FROM {Versions} WHERE {condition}", arguments)).ToList();
        return (await WithTagsAsync(connection, dataset, rows)).SingleOrDefault();
    }

    private static async Task<List<DatasetVersion>> WithTagsAsync(DbConnection connection, Guid dataset, List<VersionRow> rows)
    {
        if (rows.Count == 0)
        {
            return [];
        }

        var tags = (await connection.QueryAsync<(long Version, string Tag)>(
            "SELECT version, tag FROM dataset_tag WHERE dataset = @id AND version BETWEEN @first AND @last ORDER BY tag",
            new { id = dataset.ToString(), first = rows.Min(row => row.Version), last = rows.Max(row => row.Version) })).ToLookup(row => row.Version, row => row.Tag);
        return [.. rows.Select(row => JsonSerializer.Deserialize<DatasetVersion>(row.Document, OdlJson.Options)! with
        {
            DatasetName = row.Name,
            Tags = tags[row.Version].ToArray(),
            Gone = row.Gone,
        }).Select(version => version with
        {
            Branch = version.Branch ?? DatasetReference.Main,
            Parents = version.Parents ?? (version.Parent is { } parent ? new[] { parent } : Array.Empty<BlobId>()),
        })];
    }

    private static Task<int> InsertTagAsync(DbConnection connection, DbTransaction? transaction, Guid dataset, string tag, long version) =>
        connection.ExecuteAsync(
            "INSERT INTO dataset_tag (dataset, tag, version) VALUES (@id, @tag, @version) ON CONFLICT DO NOTHING",
            new { id = dataset.ToString(), tag, version }, transaction);

    private sealed class DatasetRow
    {
        public string Id { get; set; } = "";
        public string Project { get; set; } = "";
        public string Name { get; set; } = "";
        public int Kind { get; set; }
        public string? Description { get; set; }
        public long CreatedAt { get; set; }
        public long LatestVersion { get; set; }
        public string? Head { get; set; }
        public long Revision { get; set; }
        public string? Policy { get; set; }
        public string? Retention { get; set; }

        public Dataset ToDataset() => new()
        {
            Id = Guid.Parse(Id),
            Project = Project,
            Name = Name,
            Kind = (DatasetKind)Kind,
            Description = Description,
            CreatedAt = Micros.ToTime(CreatedAt),
            LatestVersion = LatestVersion,
            Head = Head is null ? null : BlobId.Parse(Head),
            ETag = ETag(Guid.Parse(Id), Revision, Name),
            Policy = Policy is null ? null : JsonSerializer.Deserialize<ValidationPolicy>(Policy, OdlJson.Options),
            Retention = Retention is null ? null : JsonSerializer.Deserialize<DatasetRetention>(Retention, OdlJson.Options),
        };
    }

    private sealed class VersionRow
    {
        public long Version { get; set; }
        public string Document { get; set; } = "";
        public string Name { get; set; } = "";
        public long? ExpiredAt { get; set; }
        public long? Purged { get; set; }
        public string? Reason { get; set; }

        public string? Gone => ExpiredAt is not { } at
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{(Purged == 1 ? "purged" : "expired")} at {Micros.ToTime(at):yyyy-MM-dd HH:mm:ss}Z: {Reason}");
    }
}
