using System.Text.Json;
using Dapper;
using OrleansDL.Database;

namespace OrleansDL.Serving.Ensembles;

/// <summary>Which ensembles call which deployments, and the routes as the deployments' grains decided them last.</summary>
internal sealed class EnsembleTable(Db database)
{
    /// <summary>The route of a deployment by its name or id; null when there is none.</summary>
    public async Task<Route?> FindRouteAsync(string project, string deployment)
    {
        await using var connection = await database.OpenAsync();
        var text = Guid.TryParse(deployment, out var id)
            ? await connection.QuerySingleOrDefaultAsync<string>(
                "SELECT route FROM deployment_route WHERE id = @id AND project = @project AND deleted = 0", new { id = id.ToString(), project })
            : await connection.QueryFirstOrDefaultAsync<string>(
                "SELECT route FROM deployment_route WHERE project = @project AND name = @deployment AND deleted = 0 ORDER BY id DESC", new { project, deployment });
        return text is null ? null : JsonSerializer.Deserialize<Route>(text, OdlJson.Options);
    }

    /// <summary>Remembers what an ensemble calls. What it called before is forgotten.</summary>
    public async Task RememberAsync(Guid ensemble, string project, IEnumerable<string> deployments)
    {
        var id = ensemble.ToString();
        var wanted = deployments.Order(StringComparer.Ordinal).ToList();
        await using var connection = await database.OpenAsync();
        var known = (await connection.QueryAsync<string>("SELECT deployment FROM ensemble_step WHERE ensemble = @id ORDER BY deployment", new { id })).ToList();
        if (known.SequenceEqual(wanted))
        {
            return;
        }

        await using var transaction = await database.BeginAsync(connection);
        await connection.ExecuteAsync("DELETE FROM ensemble_step WHERE ensemble = @id", new { id }, transaction);
        await connection.ExecuteAsync(
            "INSERT INTO ensemble_step (ensemble, project, deployment) VALUES (@id, @project, @deployment)",
            wanted.Select(deployment => new { id, project, deployment }).ToList(), transaction);
        await transaction.CommitAsync();
    }

    /// <summary>Ensembles that call a deployment by its name or id.</summary>
    public async Task<IReadOnlyList<Guid>> DependentsAsync(Route route)
    {
        await using var connection = await database.OpenAsync();
        return [.. (await connection.QueryAsync<string>(
            "SELECT DISTINCT ensemble FROM ensemble_step WHERE project = @Project AND (deployment = @Name OR deployment = @id)",
            new { route.Project, route.Name, id = route.Deployment.ToString() })).Select(Guid.Parse)];
    }
}
