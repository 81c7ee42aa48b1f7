using System.Security.Cryptography;
using System.Text;
using OrleansDL.Lineage;
using OrleansDL.Models;
using OrleansDL.Timing;

namespace OrleansDL.Serving.Ensembles;

/// <summary>What the grain of an ensemble needs of others: the routes of its steps, and word when they change.</summary>
internal sealed class EnsembleDoor(EnsembleTable table, DeploymentTables tables, LineageLog lineage, WakeUps wakeUps, IGrainFactory grains, TimeProvider time)
{
    /// <summary>Looks at the steps of an ensemble that is to be.</summary>
    /// <exception cref="InvalidException">Something does not fit.</exception>
    /// <exception cref="NotFoundException">A step names what is not there.</exception>
    public Task<EnsembleOutcome> CheckAsync(string project, Guid id, string name, EnsembleSpec spec) =>
        new EnsembleCheck(project, deployment => table.FindRouteAsync(project, deployment)).CheckAsync(id, name, EnsemblePlan.Of(spec));

    /// <summary>The same for an ensemble that is: what does not fit any longer is an outcome. From now on it hears when a step's route changes.</summary>
    public async Task<EnsembleOutcome> LookAsync(string project, Guid id, string name, EnsembleSpec spec)
    {
        await table.RememberAsync(id, project, spec.Steps.Select(step => step.Deployment).Distinct(StringComparer.Ordinal));
        try
        {
            return await CheckAsync(project, id, name, spec);
        }
        catch (OrleansDLException error) when (error is InvalidException or NotFoundException)
        {
            return new EnsembleOutcome(null, error.Message);
        }
    }

    /// <summary>Has the ensembles that call a deployment look at it again. Repeating it does no harm.</summary>
    public async Task WakeAsync(Route route)
    {
        foreach (var ensemble in await table.DependentsAsync(route))
        {
            await wakeUps.ArmAsync(grains.GetGrain<IDeploymentGrain>(ensemble));
        }
    }

    /// <summary>The number that stands for an ensemble's generation with those of its steps, and its place in the lineage: every inference id that bears it leads to them.</summary>
    public async Task<long> CombineAsync(Guid id, DeploymentState state, WantedVersion version, long generation, IReadOnlyList<long> steps)
    {
        var change = new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"{id}/{generation}/{string.Join('/', steps)}")).AsSpan(0, 16));
        var number = await tables.GenerationAsync(id, state, new DeployedVersion { Version = version, Change = change });
        var now = time.GetUtcNow();
        var node = new LineageNode { Id = $"generation:{number}", Kind = "generation", Title = $"{state.Spec!.Name} generation {generation}, its steps' {string.Join(", ", steps.Where(step => step > 0).Distinct())}" };
        await lineage.RecordAsync(state.Project, [node], [
            .. steps.Where(step => step > 0).Distinct().Select(step => new LineageEdge { Source = $"generation:{step}", Target = node.Id, Role = "step-of", Time = now }),
            new LineageEdge { Source = node.Id, Target = $"deployment:{id}", Role = "answers-for", Time = now },
        ]);
        return number;
    }
}
