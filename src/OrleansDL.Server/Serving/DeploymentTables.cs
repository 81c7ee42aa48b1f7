using System.Text.Json;
using Dapper;
using OrleansDL.Database;

namespace OrleansDL.Serving;

/// <summary>The rows deployments are listed, routed and traced by. Only a deployment's own grain writes its rows.</summary>
internal sealed class DeploymentTables(Db database, TimeProvider time)
{
    /// <summary>The number of the generation that a change brings; asking again for the same change gives the same number.</summary>
    public async Task<long> GenerationAsync(Guid deployment, DeploymentState state, DeployedVersion version)
    {
        var wanted = version.Version;
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            """
            INSERT INTO replica_generation (deployment, deployment_name, project, change_id, model, model_name, model_version, pipeline_sha256, created_at)
            VALUES (@deployment, @name, @Project, @change, @model, @ModelName, @Version, @pipeline, @now) ON CONFLICT (deployment, change_id) DO NOTHING
            """,
            new
            {
                deployment = deployment.ToString(),
                name = state.Spec!.Name,
                state.Project,
                change = version.Change.ToString(),
                model = wanted.Model.ToString(),
                wanted.ModelName,
                wanted.Version,
                pipeline = wanted.Artifact.TryGetValue("pipeline.json", out var pipeline) ? pipeline.Blob.Hex : null,
                now = time.Now(),
            });
        return await connection.ExecuteScalarAsync<long>(
            "SELECT number FROM replica_generation WHERE deployment = @deployment AND change_id = @change",
            new { deployment = deployment.ToString(), change = version.Change.ToString() });
    }

    /// <summary>Writes what lists and fronts read. An older revision never replaces a newer one.</summary>
    public async Task WriteAsync(Deployment deployment, DeploymentState state, bool isOnStandby)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            """
            INSERT INTO deployment_route (id, project, name, revision, deleted, model, model_version, document, route, changed_at, standby)
            VALUES (@id, @Project, @Name, @Revision, @deleted, @model, @version, @document, @route, @now, @standby)
            ON CONFLICT (id) DO UPDATE SET
              name = excluded.name, revision = excluded.revision, deleted = excluded.deleted, model = excluded.model, model_version = excluded.model_version,
              document = excluded.document, route = excluded.route, changed_at = excluded.changed_at, standby = excluded.standby
            WHERE deployment_route.revision < excluded.revision
            """,
            new
            {
                id = deployment.Id.ToString(),
                deployment.Project,
                deployment.Name,
                state.Revision,
                deleted = state.Status is DeploymentStatus.Deleted ? 1 : 0,
                model = deployment.ModelId.ToString(),
                version = deployment.ModelVersion,
                document = JsonSerializer.Serialize(deployment, OdlJson.Options),
                route = JsonSerializer.Serialize(state.Route, OdlJson.Options),
                now = time.Now(),
                standby = isOnStandby ? 1 : 0,
            });
    }

    public async Task<Page<Deployment>> ListAsync(string project, PageRequest page)
    {
        var size = page.CheckedSize();
        var after = PageTokens.Decode(page.Token)?[0] ?? "";
        await using var connection = await database.OpenAsync();
        var documents = await connection.QueryAsync<string>(
            "SELECT document FROM deployment_route WHERE project = @project AND deleted = 0 AND name > @after ORDER BY name LIMIT @limit",
            new { project, after, limit = size + 1 });
        return documents.Select(document => JsonSerializer.Deserialize<Deployment>(document, OdlJson.Options)!).ToList()
            .ToPage(page, deployment => [deployment.Name]);
    }

    /// <summary>Routes that changed at or after a time, deleted ones too, and the time the last of them changed (0 without any).</summary>
    public async Task<(IReadOnlyList<Route> Routes, long LastChange)> ReadRoutesAsync(long changedSince, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        var rows = (await connection.QueryAsync<(string Route, long ChangedAt)>(
            "SELECT route, changed_at FROM deployment_route WHERE changed_at >= @changedSince ORDER BY changed_at", new { changedSince })).ToList();
        return ([.. rows.Select(row => JsonSerializer.Deserialize<Route>(row.Route, OdlJson.Options)!)], rows.Count == 0 ? 0 : rows[^1].ChangedAt);
    }
}
