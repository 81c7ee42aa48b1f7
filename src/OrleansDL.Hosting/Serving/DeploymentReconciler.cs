using Dapper;
using OrleansDL.Database;
using OrleansDL.Timing;

namespace OrleansDL.Serving;

/// <summary>Asks deployments to look again at where they are served, after workers came or went, or their model got a version.</summary>
public sealed class DeploymentReconciler(Db database, WakeUps wakeUps, IGrainFactory grains)
{
    /// <summary>Leaves every deployment a wake-up, save those that are loaded by their requests alone. Repeating it does no harm.</summary>
    public async Task ReconcileAllAsync()
    {
        await using var connection = await database.OpenAsync();
        await WakeAsync(await connection.QueryAsync<string>("SELECT id FROM deployment_route WHERE deleted = 0 AND standby = 0"));
    }

    /// <summary>Leaves the deployments of a model a wake-up, after it got a version. Repeating it does no harm.</summary>
    public async Task ReconcileAsync(Guid model)
    {
        await using var connection = await database.OpenAsync();
        await WakeAsync(await connection.QueryAsync<string>("SELECT id FROM deployment_route WHERE model = @model AND deleted = 0", new { model = model.ToString() }));
    }

    private async Task WakeAsync(IEnumerable<string> ids)
    {
        foreach (var id in ids)
        {
            await wakeUps.ArmAsync(grains.GetGrain<IDeploymentGrain>(Guid.Parse(id)));
        }
    }
}
