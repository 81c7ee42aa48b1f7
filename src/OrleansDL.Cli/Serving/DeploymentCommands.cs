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
    private static readonly Option<double?> Rate = new("--rate") { Description = "Inference requests a second that are answered, on each server; the rest gets 429. 0 ends that." };
    private static readonly Option<int?> RateBurst = new("--rate-burst") { Description = "Requests at once after a pause. Default: those of one second." };
    private static readonly Option<string?> Shadow = new("--shadow") { Description = "VERSION=PERCENT of the requests that this version is asked too, as in 2=10: its answers are compared and nobody gets them; none ends it." };
    private static readonly Option<string?> Ensemble = new("--ensemble") { Description = "A JSON file with a graph of other deployments that is served instead of a model: inputs, outputs, steps. '-' is standard input." };
    private static readonly Option<long?> Cache = new("--cache") { Description = "Bytes of answers kept for equal requests. 0 ends that." };
    private static readonly Option<double?> CacheSeconds = new("--cache-seconds") { Description = "How long a kept answer is good for. 0: as long as its version answers." };
    private static readonly Option<bool?> Raw = new("--raw") { Description = "Callers of the inference protocol send image files, texts or rows and get labels, not the network's tensors." };
    private static readonly Option<bool?> OnDemand = new("--on-demand") { Description = "Load it with the requests for it, and let it make room for others. false: it stays loaded." };
    private static readonly Option<int?> Idle = new("--idle") { Description = "On demand: seconds without a request after which it is unloaded; 0: when the room is needed." };
    private static readonly Option<bool?> Preload = new("--preload") { Description = "On demand: load it before the first request." };
    private static readonly Option<int?> MinimumReplicas = new("--minimum-replicas") { Description = "On demand: workers that keep it loaded for good." };
    private static readonly Option<int?> MaximumReplicas = new("--maximum-replicas") { Description = "On demand: workers that load it at most." };
    private static readonly Option<bool?> Trusted = new("--trusted") { Description = "Run a model that was made elsewhere in the worker itself, not in a process of its own: faster, and a fault of it takes the worker down." };
    private static readonly Option<double?> HangSeconds = new("--hang-seconds") { Description = "Seconds one execution may take before it is ended." };
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
        return new Command("create", "Serve a model version under a name.") { name, Model, Versions, Split, Sticky, Canary, Shadow, Replicas, Public, Batch, BatchDelay, BatchAdaptive, Rate, RateBurst, Ensemble, Cache, CacheSeconds, Raw, OnDemand, Idle, Preload, MinimumReplicas, MaximumReplicas, Trusted, HangSeconds, PayloadLog, Redact, Wait }.Does(async (session, cancel) =>
        {
            var ensemble = await EnsembleOfAsync(session, cancel);
            var made = await session.Client.Deployments.CreateAsync(
                new DeploymentSpec
                {
                    Name = session.Get(name),
                    Model = session.Get(Model) ?? (ensemble is null ? session.Get(name) : ""),
                    Replicas = session.Get(Replicas) ?? 1,
                    Public = session.Get(Public) ?? false,
                    Batching = BatchingOf(session, null),
                    Versions = VersionPolicyText.Parse(session.Get(Versions)),
                    Traffic = TrafficText.Parse(session.Get(Split), session.Get(Sticky), session.Get(Canary), session.Get(Shadow), null),
                    RateLimit = RateText.Of(session.Get(Rate), session.Get(RateBurst), null),
                    Ensemble = ensemble,
                    Cache = CacheOf(session, null),
                    Raw = session.Get(Raw) ?? false,
                    Residency = ResidencyOf(session, null),
                    Trusted = session.Get(Trusted) ?? false,
                    HangSeconds = session.Get(HangSeconds),
                    PayloadLog = PayloadLogText.Parse(session.Get(PayloadLog), session.Get(Redact), null),
                },
                cancel);
            await ShowAsync(session, made, cancel);
        });
    }

    private static Command Update() => new Command("update", "Change what a deployment serves, without losing a request.") { Deployment, Model, Versions, Split, Sticky, Canary, Shadow, Replicas, Public, Batch, BatchDelay, BatchAdaptive, Rate, RateBurst, Ensemble, Cache, CacheSeconds, Raw, OnDemand, Idle, Preload, MinimumReplicas, MaximumReplicas, Trusted, HangSeconds, PayloadLog, Redact, Wait }.Does(async (session, cancel) =>
    {
        var now = await session.Client.Deployments.GetAsync(session.Get(Deployment), cancel);
        var ensemble = await EnsembleOfAsync(session, cancel);
        var changed = await session.Client.Deployments.UpdateAsync(
            session.Get(Deployment),
            Spec(now) with
            {
                Model = session.Get(Model) ?? (ensemble is null ? Spec(now).Model : ""),
                Ensemble = ensemble ?? (session.Get(Model) is null ? now.Ensemble : null),
                Cache = CacheOf(session, now.Cache),
                Raw = session.Get(Raw) ?? now.Raw,
                Replicas = session.Get(Replicas) ?? now.Replicas,
                Public = session.Get(Public) ?? now.Public,
                Batching = BatchingOf(session, now.Batching),
                Versions = session.Get(Versions) is { } versions ? VersionPolicyText.Parse(versions) : session.Get(Model) is null ? now.Versions : null,
                Numbers = session.Get(Model) is null ? now.Numbers : null,
                Configuration = session.Get(Model) is null ? now.Configuration : null,
                Traffic = TrafficText.Parse(session.Get(Split), session.Get(Sticky), session.Get(Canary), session.Get(Shadow), now.Traffic),
                RateLimit = RateText.Of(session.Get(Rate), session.Get(RateBurst), now.RateLimit),
                Residency = ResidencyOf(session, now.Residency),
                Trusted = session.Get(Trusted) ?? now.Trusted,
                HangSeconds = session.Get(HangSeconds) ?? now.HangSeconds,
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
    private static DeploymentSpec Spec(Deployment now) =>
        now.ToSpec() with { Model = now is { Versions: null, Ensemble: null } && !DeploymentSpec.NamesAlias(now.Model) ? $"{now.Model.Split('@')[0]}@{now.ModelVersion}" : now.Model };

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

    private static async Task<EnsembleSpec?> EnsembleOfAsync(Session session, CancellationToken cancellationToken) =>
        session.Get(Ensemble) is { } file ? await Files.ReadJsonAsync<EnsembleSpec>(file, cancellationToken) : null;

    /// <summary>What was there, changed where an option says so; null for a deployment that keeps no answers.</summary>
    private static ResponseCacheSpec? CacheOf(Session session, ResponseCacheSpec? now)
    {
        var (bytes, seconds) = (session.Get(Cache), session.Get(CacheSeconds));
        if (bytes == 0 || (now is null && (bytes, seconds) is (null, null)))
        {
            return null;
        }

        var spec = now ?? new ResponseCacheSpec();
        return spec with { MaximumBytes = bytes ?? spec.MaximumBytes, Seconds = seconds ?? spec.Seconds };
    }

    /// <summary>What was there, changed where an option says so; null for a deployment that stays loaded.</summary>
    private static ResidencySpec? ResidencyOf(Session session, ResidencySpec? now)
    {
        var (idle, preload, minimum, maximum) = (session.Get(Idle), session.Get(Preload), session.Get(MinimumReplicas), session.Get(MaximumReplicas));
        if (session.Get(OnDemand) is false || (now is null && session.Get(OnDemand) is null && (idle, preload, minimum, maximum) is (null, null, null, null)))
        {
            return null;
        }

        var spec = now ?? new ResidencySpec();
        return spec with
        {
            IdleSeconds = idle ?? spec.IdleSeconds,
            Preload = preload ?? spec.Preload,
            MinimumReplicas = minimum ?? spec.MinimumReplicas,
            MaximumReplicas = maximum ?? Math.Max(minimum ?? 0, spec.MaximumReplicas),
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
