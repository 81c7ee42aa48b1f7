using System.CommandLine;
using OrleansDL.Output;

namespace OrleansDL.Serving;

/// <summary>What a deployment is told by options of the command line.</summary>
internal static class DeploymentSettings
{
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
    private static readonly Option<long?> ProcessMemory = new("--process-memory") { Description = "Bytes of memory that a process of its own may take; 0: no process of its own." };
    private static readonly Option<double?> ProcessCpus = new("--process-cpus") { Description = "Cores' worth of processor time of a process of its own." };
    private static readonly Option<string?> Device = new("--device") { Description = "Device its workers have: any, cpu, cuda, or cuda:N." };
    private static readonly Option<string?> PayloadLog = new("--payload-log") { Description = "DATASET, or DATASET=PERCENT as in payloads=10: requests and answers are written there; none ends it." };
    private static readonly Option<string?> Redact = new("--redact") { Description = "Tensors, columns and fields that the payload log leaves out, as in name,email." };

    public static IReadOnlyList<Option> Options { get; } =
    [
        Model, Replicas, Public, Batch, BatchDelay, BatchAdaptive, Versions, Split, Sticky, Canary, Rate, RateBurst, Shadow, Ensemble, Cache, CacheSeconds, Raw, OnDemand, Idle, Preload, MinimumReplicas, MaximumReplicas, Trusted, HangSeconds, ProcessMemory, ProcessCpus, Device, PayloadLog, Redact,
    ];

    /// <summary>The spec as it was, changed where an option says so. Another model is served without what said which versions of the one before answer.</summary>
    public static async Task<DeploymentSpec> ApplyAsync(Session session, DeploymentSpec spec, CancellationToken cancellationToken)
    {
        var (model, versions, ensemble) = (session.Get(Model), session.Get(Versions), await EnsembleOfAsync(session, cancellationToken));
        return spec with
        {
            Model = model ?? (ensemble is null ? spec.Model : ""),
            Ensemble = ensemble ?? (model is null ? spec.Ensemble : null),
            Versions = versions is not null ? VersionPolicyText.Parse(versions) : model is null ? spec.Versions : null,
            Numbers = model is null ? spec.Numbers : null,
            Configuration = model is null ? spec.Configuration : null,
            Replicas = session.Get(Replicas) ?? spec.Replicas,
            Public = session.Get(Public) ?? spec.Public,
            Batching = BatchingOf(session, spec.Batching),
            Traffic = TrafficText.Parse(session.Get(Split), session.Get(Sticky), session.Get(Canary), session.Get(Shadow), spec.Traffic),
            RateLimit = RateText.Of(session.Get(Rate), session.Get(RateBurst), spec.RateLimit),
            Cache = CacheOf(session, spec.Cache),
            Raw = session.Get(Raw) ?? spec.Raw,
            Residency = ResidencyOf(session, spec.Residency),
            Trusted = session.Get(Trusted) ?? spec.Trusted,
            HangSeconds = session.Get(HangSeconds) ?? spec.HangSeconds,
            Process = ProcessOf(session, spec.Process),
            Device = session.Get(Device) ?? spec.Device,
            PayloadLog = PayloadLogText.Parse(session.Get(PayloadLog), session.Get(Redact), spec.PayloadLog),
        };
    }

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

    /// <summary>What was there, changed where an option says so; null for a deployment without a process of its own.</summary>
    private static ProcessSpec? ProcessOf(Session session, ProcessSpec? now)
    {
        var (memory, cpus) = (session.Get(ProcessMemory), session.Get(ProcessCpus));
        if (memory == 0 || (now is null && (memory, cpus) is (null, null)))
        {
            return null;
        }

        var spec = now ?? new ProcessSpec();
        return spec with { MemoryBytes = memory ?? spec.MemoryBytes, Cpus = cpus ?? spec.Cpus };
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
}
