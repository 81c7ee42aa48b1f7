using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Dapper;
using OrleansDL.Database;
using OrleansDL.Timing;

namespace OrleansDL.Models;

/// <summary>The tables of the registry. Its rows are the state of the model grains; each change is one transaction with the wake-up that finishes it.</summary>
internal sealed class ModelStore(Db database, TimeProvider time)
{
    /// <summary>How long a grain has to act on what it wrote before its wake-up reminds it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private const string ModelColumns =
        "id AS Id, project AS Project, name AS Name, description AS Description, latest_version AS LatestVersion, revision AS Revision, created_at AS CreatedAt";

    private const string VersionColumns =
        """
        v.model AS Model, m.name AS ModelName, v.version AS Version, v.run AS Run, v.artifact AS Artifact, v.metrics AS Metrics,
        v.parameters AS Parameters, v.dataset_name AS DatasetName, v.dataset_version AS DatasetVersion, v.dataset_commit AS DatasetCommit, v.created_at AS CreatedAt, v.origin AS Origin
        """;

    public async Task<Model?> FindAsync(Guid id)
    {
        await using var connection = await database.OpenAsync();
        var row = await connection.QuerySingleOrDefaultAsync<ModelRow>($"SELECT {ModelColumns} FROM model WHERE id = @id", new { id = id.ToString() });
        return row?.ToModel((await AliasesAsync(connection, [row.Id]))[row.Id]);
    }

    /// <exception cref="NotFoundException">There is no such model (any more).</exception>
    public async Task<Model> GetAsync(Guid id) => await FindAsync(id)
        ?? throw new NotFoundException($"There is no model {id}. GET /v1/projects/PROJECT/models lists them.");

    public async Task<Page<Model>> ListAsync(string project, PageRequest page)
    {
        var after = PageTokens.Decode(page.Token)?[0] ?? "";
        await using var connection = await database.OpenAsync();
        var rows = (await connection.QueryAsync<ModelRow>(
            $"SELECT {ModelColumns} FROM model WHERE project = @project AND name > @after ORDER BY name LIMIT @limit",
            new { project, after, limit = page.CheckedSize() + 1 })).ToList();
        var aliases = await AliasesAsync(connection, [.. rows.Select(row => row.Id)]);
        return rows.Select(row => row.ToModel(aliases[row.Id])).ToList().ToPage(page, model => [model.Name]);
    }

    public async Task<ModelVersion?> FindVersionAsync(Guid id, long version)
    {
        await using var connection = await database.OpenAsync();
        var row = await connection.QuerySingleOrDefaultAsync<VersionRow>(
            $"SELECT {VersionColumns} FROM model_version v JOIN model m ON m.id = v.model WHERE v.model = @id AND v.version = @version",
            new { id = id.ToString(), version });
        return row?.ToVersion();
    }

    /// <summary>Newest first.</summary>
    public async Task<Page<ModelVersion>> ListVersionsAsync(Guid id, PageRequest page)
    {
        var before = PageTokens.Decode(page.Token) is [var token] && long.TryParse(token, CultureInfo.InvariantCulture, out var version) ? version : long.MaxValue;
        await using var connection = await database.OpenAsync();
        var rows = await connection.QueryAsync<VersionRow>(
            $"SELECT {VersionColumns} FROM model_version v JOIN model m ON m.id = v.model WHERE v.model = @id AND v.version < @before ORDER BY v.version DESC LIMIT @limit",
            new { id = id.ToString(), before, limit = page.CheckedSize() + 1 });
        return rows.Select(row => row.ToVersion()).ToList().ToPage(page, row => [row.Version.ToString(CultureInfo.InvariantCulture)]);
    }

    public async Task InsertAsync(Guid id, string project, ModelSpec spec)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            """
            INSERT INTO model (id, project, name, description, latest_version, revision, created_at)
            VALUES (@id, @project, @Name, @Description, 0, 1, @now) ON CONFLICT (id) DO NOTHING
            """,
            new { id = id.ToString(), project, spec.Name, spec.Description, now = time.Now() });
    }

    /// <summary>The version a registration made before, or the next one, written with the wake-up <paramref name="wakeUp"/> of its number.</summary>
    public async Task<long> AddVersionAsync(Guid id, ModelRegistration registration, GrainId grain, Func<long, string> wakeUp)
    {
        await using var connection = await database.OpenAsync();
        await using var transaction = await database.BeginAsync(connection);
        var known = await connection.QuerySingleOrDefaultAsync<long?>(
            "SELECT version FROM model_version WHERE model = @id AND registration = @registration",
            new { id = id.ToString(), registration = registration.Id.ToString() }, transaction);
        if (known is { } made)
        {
            return made;
        }

        var version = await connection.ExecuteScalarAsync<long?>(
            "UPDATE model SET latest_version = latest_version + 1, revision = revision + 1 WHERE id = @id RETURNING latest_version",
            new { id = id.ToString() }, transaction) ?? throw new NotFoundException($"There is no model {id} to register a version of. Create it first.");
        await connection.ExecuteAsync(
            """
            INSERT INTO model_version (model, version, registration, run, artifact, metrics, parameters, dataset_name, dataset_version, dataset_commit, created_at, origin)
            VALUES (@id, @version, @registration, @run, @artifact, @metrics, @parameters, @DatasetName, @DatasetVersion, @commit, @now, @origin)
            """,
            new
            {
                id = id.ToString(),
                version,
                registration = registration.Id.ToString(),
                run = registration.Run?.ToString(),
                artifact = Json(registration.Artifact),
                metrics = Json(registration.Metrics),
                parameters = Json(registration.Parameters),
                registration.DatasetName,
                registration.DatasetVersion,
                commit = registration.DatasetCommit?.ToString(),
                now = time.Now(),
                origin = (long)registration.Origin,
            },
            transaction);
        await ArmAsync(connection, transaction, grain, wakeUp(version), null);
        await transaction.CommitAsync();
        return version;
    }

    /// <summary>Points an alias at a version (0 removes it), written with a wake-up.</summary>
    public async Task SetAliasAsync(Guid id, string alias, long version, GrainId grain, string wakeUp, string payload)
    {
        await using var connection = await database.OpenAsync();
        await using var transaction = await database.BeginAsync(connection);
        await connection.ExecuteAsync(
            version == 0
                ? "DELETE FROM model_alias WHERE model = @id AND alias = @alias"
                : "INSERT INTO model_alias (model, alias, version) VALUES (@id, @alias, @version) ON CONFLICT (model, alias) DO UPDATE SET version = excluded.version",
            new { id = id.ToString(), alias, version }, transaction);
        await connection.ExecuteAsync("UPDATE model SET revision = revision + 1 WHERE id = @id", new { id = id.ToString() }, transaction);
        await ArmAsync(connection, transaction, grain, wakeUp, payload);
        await transaction.CommitAsync();
    }

    public async Task RenameAsync(Guid id, string name)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            "UPDATE model SET name = @name, revision = revision + 1 WHERE id = @id AND name <> @name", new { id = id.ToString(), name });
    }

    /// <summary>Deletes the model's rows, with a wake-up for what is kept elsewhere.</summary>
    public async Task DeleteAsync(Guid id, GrainId grain, string wakeUp, string payload)
    {
        await using var connection = await database.OpenAsync();
        await using var transaction = await database.BeginAsync(connection);
        foreach (var (table, key) in ((string, string)[])[("model_alias", "model"), ("model_version", "model"), ("model", "id")])
        {
            await connection.ExecuteAsync($"DELETE FROM {table} WHERE {key} = @id", new { id = id.ToString() }, transaction);
        }

        await ArmAsync(connection, transaction, grain, wakeUp, payload);
        await transaction.CommitAsync();
    }

    private Task ArmAsync(DbConnection connection, DbTransaction transaction, GrainId grain, string wakeUp, string? payload) =>
        WakeUps.InsertAsync(connection, transaction, grain, wakeUp, time.Now() + (long)Patience.TotalMicroseconds, payload);

    // Dapper spells a list out for SQLite and hands it to PostgreSQL as one array.
    private async Task<ILookup<string, AliasRow>> AliasesAsync(DbConnection connection, IReadOnlyCollection<string> models) => models.Count == 0
        ? Enumerable.Empty<AliasRow>().ToLookup(row => row.Model)
        : (await connection.QueryAsync<AliasRow>(
            $"SELECT model AS Model, alias AS Alias, version AS Version FROM model_alias WHERE model {(database.IsPostgres ? "= ANY(@models)" : "IN @models")} ORDER BY alias",
            new { models = models.ToArray() })).ToLookup(row => row.Model);

    private static string Json<T>(T value) => JsonSerializer.Serialize(value, OdlJson.Options);

    private sealed class AliasRow
    {
        public string Model { get; set; } = "";
        public string Alias { get; set; } = "";
        public long Version { get; set; }
    }

    private sealed class ModelRow
    {
        public string Id { get; set; } = "";
        public string Project { get; set; } = "";
        public string Name { get; set; } = "";
        public string? Description { get; set; }
        public long LatestVersion { get; set; }
        public long Revision { get; set; }
        public long CreatedAt { get; set; }

        public Model ToModel(IEnumerable<AliasRow> aliases) => new()
        {
            Id = Guid.Parse(Id),
            Project = Project,
            Name = Name,
            Description = Description,
            LatestVersion = LatestVersion,
            Aliases = aliases.ToDictionary(row => row.Alias, row => row.Version),
            CreatedAt = Micros.ToTime(CreatedAt),
            ETag = Revision.ToString(CultureInfo.InvariantCulture),
        };
    }

    private sealed class VersionRow
    {
        public string Model { get; set; } = "";
        public string ModelName { get; set; } = "";
        public long Version { get; set; }
        public string? Run { get; set; }
        public string Artifact { get; set; } = "";
        public string Metrics { get; set; } = "";
        public string Parameters { get; set; } = "";
        public string? DatasetName { get; set; }
        public long? DatasetVersion { get; set; }
        public string? DatasetCommit { get; set; }
        public long CreatedAt { get; set; }
        public long Origin { get; set; }

        public ModelVersion ToVersion() => new()
        {
            Model = Guid.Parse(Model),
            ModelName = ModelName,
            Version = Version,
            Run = Run is null ? null : Guid.Parse(Run),
            Artifact = Read<BlobRef>(Artifact),
            Metrics = Read<double>(Metrics),
            Parameters = Read<string>(Parameters),
            DatasetName = DatasetName,
            DatasetVersion = DatasetVersion,
            DatasetCommit = DatasetCommit is null ? null : BlobId.Parse(DatasetCommit),
            CreatedAt = Micros.ToTime(CreatedAt),
            Origin = (ModelOrigin)Origin,
        };

        private static Dictionary<string, T> Read<T>(string json) => JsonSerializer.Deserialize<Dictionary<string, T>>(json, OdlJson.Options)!;
    }
}
