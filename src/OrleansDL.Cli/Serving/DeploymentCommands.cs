using System.CommandLine;
using OrleansDL.Monitoring;
using OrleansDL.Output;

namespace OrleansDL.Serving;

/// <summary><c>odl deployment ...</c></summary>
internal static class DeploymentCommands
{
    private static readonly Argument<string> Deployment = new("deployment") { Description = "Name or id of the deployment." };

    private static readonly Option<bool> Wait = new("--wait") { Description = "Wait until the version answers." };

    public static Command Create() => new("deployment", "Serve model versions.")
    {
        CreateDeployment(), Update(), List(), Show(), Load(), Unload(), MetricsCommand.Create(), Delete(),
    };

    private static Command CreateDeployment()
    {
        var name = new Argument<string>("name") { Description = "Name of the new deployment." };
        return With(new Command("create", "Serve a model version under a name.") { name }).Does(async (session, cancel) =>
        {
            var spec = new DeploymentSpec { Name = session.Get(name), Model = session.Get(name) };
            await ShowAsync(session, await session.Client.Deployments.CreateAsync(await DeploymentSettings.ApplyAsync(session, spec, cancel), cancel), cancel);
        });
    }

    private static Command Update() => With(new Command("update", "Change what a deployment serves, without losing a request.") { Deployment }).Does(async (session, cancel) =>
    {
        var now = await session.Client.Deployments.GetAsync(session.Get(Deployment), cancel);
        var changed = await session.Client.Deployments.UpdateAsync(session.Get(Deployment), await DeploymentSettings.ApplyAsync(session, Spec(now), cancel), now.ETag, cancel);
        await ShowAsync(session, changed, cancel);
    });

    private static Command With(Command command)
    {
        foreach (var option in DeploymentSettings.Options)
        {
            command.Options.Add(option);
        }

        command.Options.Add(Wait);
        return command;
    }

    private static Command Load() => new Command("load", "Load an unloaded deployment's versions again.") { Deployment, Wait }.Does((session, cancel) => SetAsync(session, unloaded: false, cancel));

    private static Command Unload() => new Command("unload", "Free a deployment's models. It keeps its name and settings, and answers nobody.") { Deployment }.Does((session, cancel) => SetAsync(session, unloaded: true, cancel));

    private static async Task SetAsync(Session session, bool unloaded, CancellationToken cancellationToken)
    {
        var now = await session.Client.Deployments.GetAsync(session.Get(Deployment), cancellationToken);
        var changed = await session.Client.Deployments.UpdateAsync(session.Get(Deployment), Spec(now) with { Unloaded = unloaded }, now.ETag, cancellationToken);
        await ShowAsync(session, changed, cancellationToken);
    }

    /// <summary>What a deployment was told last, its version by number where that was resolved and is not followed.</summary>
    private static DeploymentSpec Spec(Deployment now) =>
        now.ToSpec() with { Model = now is { Versions: null, Ensemble: null } && !DeploymentSpec.NamesAlias(now.Model) ? $"{now.Model.Split('@')[0]}@{now.ModelVersion}" : now.Model };

    private static Command List()
    {
        var limit = new Option<int>("--limit") { Description = "How many at most.", DefaultValueFactory = _ => 100 };
        return new Command("list", "List deployments.") { limit }.Does((session, cancel) =>
            session.Screen.ListAsync(
                session.Client.Deployments.ListAsync(cancel),
                session.Get(limit),
                ["name", "status", "model", "version", "serving", "workers", "changed", "reason"],
                d => [d.Name, Format.Of(d.Status), d.Ensemble is null ? d.Model : "(ensemble)", $"{d.ModelVersion}", d.ServingVersion?.ToString("0", null), string.Join(',', d.Workers), Format.Time(d.ChangedAt), d.Reason],
                cancel));
    }

    private static Command Show() => new Command("show", "Show one deployment.") { Deployment }.Does(async (session, cancel) =>
    {
        var deployment = await session.Client.Deployments.GetAsync(session.Get(Deployment), cancel);
        var now = session.Time.GetUtcNow();
        var shadows = deployment.Traffic?.Shadow is null ? []
            : (await session.Client.Deployments.GetMetricsAsync(session.Get(Deployment), now.AddHours(-1), now, 0, cancel)).Where(window => window.Shadow is not null).ToList();
        session.Screen.Show(deployment, d =>
        {
            Print(session.Screen, d);
            foreach (var window in shadows)
            {
                session.Screen.Line($"  shadow {window.Model}@{window.ModelVersion} in the last hour: {MetricsPlot.Shadow(window.Shadow!)}");
            }
        });
    });

    private static Command Delete() => new Command("delete", "Stop serving and delete.") { Deployment }.Does(async (session, cancel) =>
    {
        await session.Client.Deployments.DeleteAsync(session.Get(Deployment), null, cancel);
        session.Screen.Line($"Deleted deployment {session.Get(Deployment)}.");
    });

    private static async Task ShowAsync(Session session, Deployment deployment, CancellationToken cancellationToken)
    {
        if (session.Get(Wait) && deployment.Status is not DeploymentStatus.Unloaded)
        {
            session.Screen.Progress($"loading {(deployment.Ensemble is null ? deployment.Model : deployment.Name)}");
            deployment = await session.Client.Deployments.WaitAsync(deployment.Id.ToString(), cancellationToken);
        }

        session.Screen.Show(deployment, d => Print(session.Screen, d));
    }

    private static void Print(Screen screen, Deployment deployment) => screen.Facts(
        ("deployment", $"{deployment.Name} ({deployment.Id})"),
        ("status", Format.Of(deployment.Status) + (deployment.Reason is null ? "" : $": {Format.OneLine(deployment.Reason)}")),
        ("wanted", deployment.Ensemble is null ? $"{deployment.Model}, version {deployment.ModelVersion}" : $"an ensemble of {string.Join(", ", deployment.Ensemble.Steps.Select(step => step.Deployment).Distinct())}"),
        ("serving", deployment.ServingVersion is null ? "nothing yet" : $"version {deployment.ServingVersion}, generation {deployment.Generation}"),
        ("versions", deployment.Served is { Count: > 1 } served ? string.Join(", ", served.Select(version => $"{version.Number} {Format.Of(version.Status)}")) : null),
        ("traffic", deployment.Traffic is { Shares.Count: > 0 } traffic ? string.Join(", ", traffic.Shares.Select(share => $"{share.Version} {share.Percent}%")) : null),
        ("canary", deployment.Canary is { } canary ? $"version {deployment.Traffic?.Canary?.Canary} {Format.Of(canary.Status)}, step {canary.Step + 1}{(canary.Reason is null ? "" : $": {canary.Reason}")}" : null),
        ("shadow", deployment.Traffic?.Shadow is { } shadow ? $"version {shadow.Version} of {shadow.Percent}% of the requests" : null),
        ("payload log", deployment.PayloadLog is { } log ? $"{log.Percent}% of the requests to dataset {log.Dataset}" : null),
        ("workers", deployment.Workers.Count == 0 ? null : string.Join(", ", deployment.Workers)),
        ("public", deployment.Public ? "yes" : "no"),
        ("batching", deployment.Batching is { } batching ? $"up to {batching.MaximumBatchSize} rows, wait {(batching.Adaptive ? "adaptive up to" : "up to")} {batching.MaximumDelayMicroseconds} us" : null),
        ("cache", deployment.Cache is { } cache ? $"up to {cache.MaximumBytes} bytes{(cache.Seconds > 0 ? $", {cache.Seconds} s" : "")}" : null),
        ("raw", deployment.Raw ? "callers of the protocol send rows" : null),
        ("loaded", deployment.Residency is { } residency ? $"on demand, {residency.MinimumReplicas} to {residency.MaximumReplicas} workers{(residency.IdleSeconds > 0 ? $", until {residency.IdleSeconds} s idle" : "")}" : null),
        ("changed", Format.Time(deployment.ChangedAt)));
}
