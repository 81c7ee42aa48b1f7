using OrleansDL.Serving.Ensembles;

namespace OrleansDL.Serving;

/// <summary>A version that is an ensemble: nothing is loaded for it, and it answers when its steps fit.</summary>
internal sealed partial class DeploymentGrain
{
    public async Task<long> CombineAsync(long generation, IReadOnlyList<long> steps)
    {
        if (State.Spec is null)
        {
            RequireLive();
        }

        // A generation just replaced answers what it has begun.
        var version = Versions.FirstOrDefault(version => version.Generation == generation)?.Version ?? new WantedVersion { ModelName = State.Spec!.Name, Version = 1 };
        return await ensembles.CombineAsync(Id, State, version, generation, steps);
    }

    private static void CheckEnsemble(DeploymentSpec spec)
    {
        _ = EnsemblePlan.Of(spec.Ensemble!);
        var other = spec switch
        {
            { Model.Length: > 0 } => "model",
            { Batching: not null } => "batching",
            { Sequence: not null } => "sequence",
            { Versions: not null } => "versions",
            { Traffic: not null } => "traffic",
            { Raw: true } => "raw",
            { Device: not null } => "device",
            _ => null,
        };
        if (other is not null)
        {
            throw new InvalidException($"ensemble and {other} do not go together: an ensemble serves no model of its own. Give {other} to the deployments that its steps call.");
        }
    }

    private async Task CheckStepsAsync(string project, DeploymentSpec spec)
    {
        if (spec.Ensemble is { } ensemble)
        {
            await ensembles.CheckAsync(project, Id, spec.Name, ensemble);
        }
    }

    private async Task LookAsync(DeployedVersion version)
    {
        if (version.Leaving)
        {
            return;
        }

        var outcome = await ensembles.LookAsync(State.Project, Id, State.Spec!.Name, version.Version.Ensemble!);
        await WriteAsync(state =>
        {
            if (state.Status is DeploymentStatus.Deleted or DeploymentStatus.Unloaded || state.Versions!.FirstOrDefault(known => known.Change == version.Change) is not { } before)
            {
                return state;
            }

            // While a step is being loaded for the first time an ensemble waits; one that has answered goes on.
            var signature = outcome.Error is null ? outcome.Signature ?? before.Signature : before.Signature;
            if (before.Error == outcome.Error && Text(before.Signature) == Text(signature) && before.Answers && outcome.Error is null)
            {
                return state;
            }

            var settled = VersionSet.Settle(VersionSet.Replace(state, version.Change, known => known with { Signature = signature, Error = outcome.Error }));
            return settled.Status is DeploymentStatus.Loading && outcome.Waiting is not null ? settled with { Reason = outcome.Waiting } : settled;
        });
        if (outcome.Error is { } error && version.Error != error)
        {
            LogMisfit(State.Spec!.Name, error);
        }
    }

    [Microsoft.Extensions.Logging.LoggerMessage(Microsoft.Extensions.Logging.LogLevel.Warning, "Ensemble {Deployment} cannot answer. {Reason}")]
    private partial void LogMisfit(string deployment, string reason);
}
