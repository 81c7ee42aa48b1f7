using Dapper;
using OrleansDL.Database;
using OrleansDL.Timing;

namespace OrleansDL.Serving;

/// <summary>Asks deployments to look again at where they are served, after workers came or went.</summary>
public sealed class DeploymentReconciler(Db database, WakeUps wakeUps, IGrainFactory grains)
{
    /// <summary>Leaves every deployment a wake-up. Repeating it does no harm.</summary>
    public async Task ReconcileAllAsync()
    {
        await using var connection = await database.OpenAsync();
        var ids = await connection.QueryAsync<string>("SELECT id FROM deployment_route WHERE deleted = 0");
        foreach (var id in ids)
        {
            await wakeUps.ArmAsync(grains.GetGrain<IDeploymentGrain>(Guid.Parse(id)));
        }
    }
}
