using System.CommandLine;
using OrleansDL.Monitoring;
using OrleansDL.Output;

namespace OrleansDL.Serving;

/// <summary><c>odl deployment ...</c></summary>
internal static class DeploymentCommands
{
    private static readonly Argument<string> Deployment = new("deployment") { Description = "Name or id of the deployment." };
    private static readonly Option<string?> Model = new("--model") { Description = "Model version: name (newest), name@3, or name@alias, which is followed." };
    private static readonly Option<int?> Replicas = new("--replicas") { Description = "Workers that serve it." };
    private static readonly Option<bool?> Public = new("--public") { Description = "Answer inference without a token." };
    private static readonly Option<int?> Batch = new("--batch") { Description = "Rows of one execution at most: requests run together. 0 ends that." };
    private static readonly Option<long?> BatchDelay = new("--batch-delay") { Description = "Microseconds a request may wait for company while the model is free." };
    private static readonly Option<bool?> BatchAdaptive = new("--batch-adaptive") { Description = "Choose the wait by what the traffic shows to pay, up to --batch-delay." };
    private static readonly Option<string?> Versions = new("--versions")
    {
        Description = "Versions served at the same time and followed: latest, latest:N, all, or numbers as in 1,3. Default: the one that --model names.",
    };

    private static readonly Option<string?> Split = new("--split") { Description = "Percent of the requests each version answers, as in 1=90,2=10; none ends it." };
    private static readonly Option<string?> Sticky = new("--sticky") { Description = "Header that names the user: one user gets one version." };
    private static readonly Option<string?> Canary = new("--canary") { Description = "STABLE:CANARY, as in 1:2: the canary gets 5, 25, 50 percent and then all, a minute each, or nothing when it does worse." };
    private static readonly Option<string?> Shadow = new("--shadow") { Description = "VERSION=PERCENT of the requests that this version is asked too, as in 2=10: its answers are compared and nobody gets them; none ends it." };
    private static readonly Option<string?> PayloadLog = new("--payload-log") { Description = "DATASET, or DATASET=PERCENT as in payloads=10: requests and answers are written there; none ends it." };
    private static readonly Option<string?> Redact = new("--redact") { Description = "Tensors, columns and fields that the payload log leaves out, as in name,email." };
    private static readonly Option<bool> Wait = new("--wait") { Description = "Wait until the version answers." };

    public static Command Create() => new("deployment", "Serve model versions.")
    {
        CreateDeployment(), Update(), List(), Show(), Load(), Unload(), MetricsCommand.Create(), Delete(),
    };

    private static Command CreateDeployment()
    {
        var name = new Argument<string>("name") { Description = "Name of the new deployment." };
        return new Command("create", "Serve a model version under a name.") { name, Model, Versions, Split, Sticky, Canary, Shadow, PayloadLog, Redact, Replicas, Public, Batch, BatchDelay, BatchAdaptive, Wait }.Does(async (session, cancel) =>
        {
            var made = await session.Client.Deployments.CreateAsync(
                new DeploymentSpec
                {
                    Name = session.Get(name),
                    Model = session.Get(Model) ?? session.Get(name),
                    Replicas = session.Get(Replicas) ?? 1,
                    Public = session.Get(Public) ?? false,
                    Batching = BatchingOf(session, null),
                    Versions = VersionPolicyText.Parse(session.Get(Versions)),
                    Traffic = TrafficText.Parse(session.Get(Split), session.Get(Sticky), session.Get(Canary), session.Get(Shadow), null),
                    PayloadLog = PayloadLogText.Parse(session.Get(PayloadLog), session.Get(Redact), null),
                },
                cancel);
            await ShowAsync(session, made, cancel);
        });
    }

    private static Command Update() => new Command("update", "Change what a deployment serves, without losing a request.") { Deployment, Model, Versions, Split, Sticky, Canary, Shadow, PayloadLog, Redact, Replicas, Public, Batch, BatchDelay, BatchAdaptive, Wait }.Does(async (session, cancel) =>
    {
        var now = await session.Client.Deployments.GetAsync(session.Get(Deployment), cancel);
        var changed = await session.Client.Deployments.UpdateAsync(
            session.Get(Deployment),
            Spec(now) with
            {
                Model = session.Get(Model) ?? Spec(now).Model,
                Replicas = session.Get(Replicas) ?? now.Replicas,
                Public = session.Get(Public) ?? now.Public,
                Batching = BatchingOf(session, now.Batching),
                Versions = session.Get(Versions) is { } versions ? VersionPolicyText.Parse(versions) : session.Get(Model) is null ? now.Versions : null,
                Numbers = session.Get(Model) is null ? now.Numbers : null,
                Configuration = session.Get(Model) is null ? now.Configuration : null,
                Traffic = TrafficText.Parse(session.Get(Split), session.Get(Sticky), session.Get(Canary), session.Get(Shadow), now.Traffic),
                PayloadLog = PayloadLogText.Parse(session.Get(PayloadLog), session.Get(Redact), now.PayloadLog),
            },
            now.ETag,
            cancel);
        await ShowAsync(session, changed, cancel);
    });

    private static Command Load() => new Command("load", "Load an unloaded deployment's versions again.") { Deployment, Wait }.Does((session, cancel) => SetAsync(session, unloaded: false, cancel));

    private static Command Unload() => new Command("unload", "Free a deployment's models. It keeps its name and settings, and answers nobody.") { Deployment }.Does((session, cancel) => SetAsync(session, unloaded: true, cancel));

    private static async Task SetAsync(Session session, bool unloaded, CancellationToken cancellationToken)
    {
        var now = await session.Client.Deployments.GetAsync(session.Get(Deployment), cancellationToken);
        var changed = await session.Client.Deployments.UpdateAsync(session.Get(Deployment), Spec(now) with { Unloaded = unloaded }, now.ETag, cancellationToken);
        await ShowAsync(session, changed, cancellationToken);
    }

    /// <summary>What a deployment was told last, its version by number where that was resolved and is not followed.</summary>
    private static DeploymentSpec Spec(Deployment now) => new()
    {
        Name = now.Name,
        Model = now.Versions is null && !DeploymentSpec.NamesAlias(now.Model) ? $"{now.Model.Split('@')[0]}@{now.ModelVersion}" : now.Model,
        Replicas = now.Replicas,
        Public = now.Public,
        Batching = now.Batching,
        Versions = now.Versions,
        Numbers = now.Numbers,
        Configuration = now.Configuration,
        Traffic = now.Traffic,
        PayloadLog = now.PayloadLog,
        Unloaded = now.Status is DeploymentStatus.Unloaded,
    };

    /// <summary>What was there, changed where an option says so; null for a deployment without batching.</summary>
    private static BatchingSpec? BatchingOf(Session session, BatchingSpec? now)
    {
        var (rows, delay, adaptive) = (session.Get(Batch), session.Get(BatchDelay), session.Get(BatchAdaptive));
        if (rows == 0 || (now is null && (rows, delay, adaptive) is (null, null, null)))
        {
            return null;
        }

        var spec = now ?? new BatchingSpec();
        return spec with
        {
            MaximumBatchSize = rows ?? spec.MaximumBatchSize,
            MaximumDelayMicroseconds = delay ?? spec.MaximumDelayMicroseconds,
            Adaptive = adaptive ?? spec.Adaptive,
        };
    }

    private static Command List()
    {
        var limit = new Option<int>("--limit") { Description = "How many at most.", DefaultValueFactory = _ => 100 };
        return new Command("list", "List deployments.") { limit }.Does((session, cancel) =>
            session.Screen.ListAsync(
                session.Client.Deployments.ListAsync(cancel),
                session.Get(limit),
                ["name", "status", "model", "version", "serving", "workers", "changed", "reason"],
                d => [d.Name, Format.Of(d.Status), d.Model, $"{d.ModelVersion}", d.ServingVersion?.ToString("0", null), string.Join(',', d.Workers), Format.Time(d.ChangedAt), d.Reason],
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
            session.Screen.Progress($"loading {deployment.Model}");
            deployment = await session.Client.Deployments.WaitAsync(deployment.Id.ToString(), cancellationToken);
        }

        session.Screen.Show(deployment, d => Print(session.Screen, d));
    }

    private static void Print(Screen screen, Deployment deployment) => screen.Facts(
        ("deployment", $"{deployment.Name} ({deployment.Id})"),
        ("status", Format.Of(deployment.Status) + (deployment.Reason is null ? "" : $": {Format.OneLine(deployment.Reason)}")),
        ("wanted", $"{deployment.Model}, version {deployment.ModelVersion}"),
        ("serving", deployment.ServingVersion is null ? "nothing yet" : $"version {deployment.ServingVersion}, generation {deployment.Generation}"),
        ("versions", deployment.Served is { Count: > 1 } served ? string.Join(", ", served.Select(version => $"{version.Number} {Format.Of(version.Status)}")) : null),
        ("traffic", deployment.Traffic is { Shares.Count: > 0 } traffic ? string.Join(", ", traffic.Shares.Select(share => $"{share.Version} {share.Percent}%")) : null),
        ("canary", deployment.Canary is { } canary ? $"version {deployment.Traffic?.Canary?.Canary} {Format.Of(canary.Status)}, step {canary.Step + 1}{(canary.Reason is null ? "" : $": {canary.Reason}")}" : null),
        ("shadow", deployment.Traffic?.Shadow is { } shadow ? $"version {shadow.Version} of {shadow.Percent}% of the requests" : null),
        ("payload log", deployment.PayloadLog is { } log ? $"{log.Percent}% of the requests to dataset {log.Dataset}" : null),
        ("workers", deployment.Workers.Count == 0 ? null : string.Join(", ", deployment.Workers)),
        ("public", deployment.Public ? "yes" : "no"),
        ("batching", deployment.Batching is { } batching ? $"up to {batching.MaximumBatchSize} rows, wait {(batching.Adaptive ? "adaptive up to" : "up to")} {batching.MaximumDelayMicroseconds} us" : null),
        ("changed", Format.Time(deployment.ChangedAt)));
}
