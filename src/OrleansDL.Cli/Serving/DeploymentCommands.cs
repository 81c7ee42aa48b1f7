using System.CommandLine;
using OrleansDL.Monitoring;
using OrleansDL.Output;

namespace OrleansDL.Serving;

/// <summary><c>odl deployment ...</c></summary>
internal static class DeploymentCommands
{
    private static readonly Argument<string> Deployment = new("deployment") { Description = "Name or id of the deployment." };
    private static readonly Option<string?> Model = new("--model") { Description = "Model version: name (newest), name@3, name@alias." };
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
    private static readonly Option<string?> Ensemble = new("--ensemble") { Description = "A JSON file with a graph of other deployments that is served instead of a model: inputs, outputs, steps. '-' is standard input." };
    private static readonly Option<long?> Cache = new("--cache") { Description = "Bytes of answers kept for equal requests. 0 ends that." };
    private static readonly Option<double?> CacheSeconds = new("--cache-seconds") { Description = "How long a kept answer is good for. 0: as long as its version answers." };
    private static readonly Option<bool?> Raw = new("--raw") { Description = "Callers of the inference protocol send image files, texts or rows and get labels, not the network's tensors." };
    private static readonly Option<bool> Wait = new("--wait") { Description = "Wait until the version answers." };

    public static Command Create() => new("deployment", "Serve model versions.")
    {
        CreateDeployment(), Update(), List(), Show(), Load(), Unload(), MetricsCommand.Create(), Delete(),
    };

    private static Command CreateDeployment()
    {
        var name = new Argument<string>("name") { Description = "Name of the new deployment." };
        return new Command("create", "Serve a model version under a name.") { name, Model, Versions, Split, Sticky, Canary, Replicas, Public, Batch, BatchDelay, BatchAdaptive, Ensemble, Cache, CacheSeconds, Raw, Wait }.Does(async (session, cancel) =>
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
                    Traffic = TrafficText.Parse(session.Get(Split), session.Get(Sticky), session.Get(Canary), null),
                    Ensemble = ensemble,
                    Cache = CacheOf(session, null),
                    Raw = session.Get(Raw) ?? false,
                },
                cancel);
            await ShowAsync(session, made, cancel);
        });
    }

    private static Command Update() => new Command("update", "Change what a deployment serves, without losing a request.") { Deployment, Model, Versions, Split, Sticky, Canary, Replicas, Public, Batch, BatchDelay, BatchAdaptive, Ensemble, Cache, CacheSeconds, Raw, Wait }.Does(async (session, cancel) =>
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
                Traffic = TrafficText.Parse(session.Get(Split), session.Get(Sticky), session.Get(Canary), now.Traffic),
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

    /// <summary>What a deployment was told last, its version by number where that was resolved.</summary>
    private static DeploymentSpec Spec(Deployment now) => new()
    {
        Name = now.Name,
        Model = now.Versions is null && now.Ensemble is null ? $"{now.Model.Split('@')[0]}@{now.ModelVersion}" : now.Model,
        Replicas = now.Replicas,
        Public = now.Public,
        Batching = now.Batching,
        Versions = now.Versions,
        Numbers = now.Numbers,
        Configuration = now.Configuration,
        Traffic = now.Traffic,
        Sequence = now.Sequence,
        Ensemble = now.Ensemble,
        Cache = now.Cache,
        Raw = now.Raw,
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
        session.Screen.Show(await session.Client.Deployments.GetAsync(session.Get(Deployment), cancel), d => Print(session.Screen, d)));

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
        ("workers", deployment.Workers.Count == 0 ? null : string.Join(", ", deployment.Workers)),
        ("public", deployment.Public ? "yes" : "no"),
        ("batching", deployment.Batching is { } batching ? $"up to {batching.MaximumBatchSize} rows, wait {(batching.Adaptive ? "adaptive up to" : "up to")} {batching.MaximumDelayMicroseconds} us" : null),
        ("cache", deployment.Cache is { } cache ? $"up to {cache.MaximumBytes} bytes{(cache.Seconds > 0 ? $", {cache.Seconds} s" : "")}" : null),
        ("raw", deployment.Raw ? "callers of the protocol send rows" : null),
        ("changed", Format.Time(deployment.ChangedAt)));
}
