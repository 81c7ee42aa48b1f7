using Microsoft.Extensions.Logging;

namespace OrleansDL.Serving;

/// <remarks>What is loaded on demand is no part of the state: only that it may be.</remarks>
internal sealed partial class DeploymentGrain
{
    public async Task<Summoned> SummonAsync(long generation, bool awaited)
    {
        var version = State.Status is DeploymentStatus.Deleted or DeploymentStatus.Unloaded
            ? null
            : Versions.FirstOrDefault(known => known.Version.OnDemand && known.Answers && known.Generation == generation);
        return version is null ? new Summoned { Gone = true } : await summons.SummonAsync(SpecOf(version.Version) with { Awaited = awaited }, Math.Max(1, State.Spec!.Residency?.MinimumReplicas ?? 0));
    }

    public async Task<bool> ScaleAsync(long generation, string worker, bool more)
    {
        if (State.Spec?.Residency is not { } residency || Versions.FirstOrDefault(known => known.Version.OnDemand && known.Answers && known.Generation == generation) is not { } version)
        {
            return !more;
        }

        var workers = directory.WorkersOf(generation);
        if (!more)
        {
            var mayGo = workers.Contains(worker) && workers.Count > Math.Max(1, residency.MinimumReplicas);
            if (mayGo)
            {
                // At once, so that the last two do not both go.
                directory.Forget(generation, worker);
            }

            return mayGo;
        }

        if (workers.Count == 0 || workers.Count >= residency.MaximumReplicas)
        {
            return false;
        }

        var summoned = await summons.SummonAsync(SpecOf(version.Version) with { Evictable = true }, workers.Count + 1);
        if (summoned.Workers.Count > workers.Count)
        {
            LogCopied(State.Spec.Name, generation, summoned.Workers.Count);
        }

        return summoned.Workers.Count > workers.Count;
    }

    /// <summary>Whether a version is served already by what may come and go; what should be there before anyone asks is sent for.</summary>
    private async Task<bool> IsOnStandbyAsync(DeployedVersion version)
    {
        if (!version.Version.OnDemand || !version.Answers)
        {
            return false;
        }

        if (!version.Leaving && State.Spec!.Residency is { } residency && (residency.Preload || residency.MinimumReplicas > 0))
        {
            await summons.SummonAsync(SpecOf(version.Version), Math.Max(1, residency.MinimumReplicas));
        }

        return true;
    }

    /// <summary>Whether workers that come or go are no matter to the deployment.</summary>
    private static bool IsOnStandby(DeploymentState state) =>
        state.Status is DeploymentStatus.Ready
        && state.Spec!.Residency is { Preload: false, MinimumReplicas: 0 }
        && state.Versions!.All(version => version.Version.OnDemand && version.Answers);

    private void Forgive()
    {
        foreach (var version in Versions)
        {
            directory.Forgive(version.Generation);
        }
    }

    private async Task UnloadAnywhereAsync(long generation)
    {
        foreach (var worker in await replicas.UnloadAnywhereAsync(generation))
        {
            directory.Forget(generation, worker);
        }
    }

    [LoggerMessage(LogLevel.Information, "Generation {Generation} of deployment {Deployment} is busy and now loaded on {Workers} workers")]
    private partial void LogCopied(string deployment, long generation, int workers);
}
