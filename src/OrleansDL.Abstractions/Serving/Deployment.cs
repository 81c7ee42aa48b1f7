using System.Text.Json.Serialization;

namespace OrleansDL.Serving;

/// <summary>A deployment as it stands now.</summary>
[GenerateSerializer, Immutable, Alias("deployment")]
public sealed record Deployment
{
    /// <summary>What it was told last: the start of a change that is to keep the rest.</summary>
    public DeploymentSpec ToSpec() => new()
    {
        Name = Name,
        Model = Model,
        Replicas = Replicas,
        Public = Public,
        Batching = Batching,
        Sequence = Sequence,
        Versions = Versions,
        Numbers = Numbers,
        Configuration = Configuration,
        Traffic = Traffic,
        Ensemble = Ensemble,
        Cache = Cache,
        Raw = Raw,
        RateLimit = RateLimit,
        Residency = Residency,
        Trusted = Trusted,
        PayloadLog = PayloadLog,
        HangSeconds = HangSeconds,
        Process = Process,
        Device = Device,
        Unloaded = Status is DeploymentStatus.Unloaded,
    };

    [Id(0)] public required Guid Id { get; init; }
    [Id(1)] public required string Project { get; init; }
    [Id(2)] public required string Name { get; init; }
    [Id(3)] public required DeploymentStatus Status { get; init; }
    [Id(4)] public required string Model { get; init; }

    /// <summary>Version wanted.</summary>
    [Id(5)] public required long ModelVersion { get; init; }

    /// <summary>Version answering now; null before the first is ready.</summary>
    [Id(6)] public long? ServingVersion { get; init; }

    /// <summary>Generation answering now; part of every inference id.</summary>
    [Id(7)] public long? Generation { get; init; }
    [Id(8)] public required int Replicas { get; init; }
    [Id(9)] public IReadOnlyList<string> Workers { get; init; } = [];
    [Id(10)] public required bool Public { get; init; }
    [Id(11)] public string? Reason { get; init; }
    [Id(12)] public required DateTimeOffset CreatedAt { get; init; }
    [Id(13)] public required DateTimeOffset ChangedAt { get; init; }
    [Id(14)] public required string ETag { get; init; }

    /// <summary>Id of the model whose version is wanted.</summary>
    [Id(15)] public Guid? ModelId { get; init; }

    /// <summary>How requests are run together; null: each for itself, at once.</summary>
    [Id(16)] public BatchingSpec? Batching { get; init; }

    /// <summary>How sequences of requests are kept apart and run together; null: requests have nothing to do with one another.</summary>
    [Id(37)] public SequenceSpec? Sequence { get; init; }

    /// <summary>Which versions of the model are served at the same time; null: one, resolved when it was set.</summary>
    [Id(17)] public VersionPolicy? Versions { get; init; }

    /// <summary>Every version wanted or still answering, highest number first.</summary>
    [Id(18)] public IReadOnlyList<DeploymentVersion>? Served { get; init; }

    /// <summary>The registry's version behind each number callers know; null: they are the same.</summary>
    [Id(19)] public IReadOnlyDictionary<long, long>? Numbers { get; init; }

    /// <summary>How callers see the tensors, where a model repository's configuration says so; null: as the model has them.</summary>
    [Id(20)] public ServedConfiguration? Configuration { get; init; }

    /// <summary>Which version answers a request that names none; null: the highest that is ready.</summary>
    [Id(21)] public TrafficSpec? Traffic { get; init; }

    /// <summary>Where the canary stands, if there is one.</summary>
    [Id(22)] public CanaryProgress? Canary { get; init; }

    /// <summary>The graph of other deployments that is served instead of a model; null: a model is.</summary>
    [Id(70)] public EnsembleSpec? Ensemble { get; init; }

    /// <summary>How answers are kept for equal requests; null: they are not.</summary>
    [Id(71)] public ResponseCacheSpec? Cache { get; init; }

    /// <summary>Whether callers of the inference protocol send raw rows and get labels.</summary>
    [Id(72), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public bool Raw { get; init; }

    /// <summary>How its models come and go with the requests; null: they stay loaded.</summary>
    [Id(40)] public ResidencySpec? Residency { get; init; }

    /// <summary>How many requests its callers together may make; null: any number.</summary>
    [Id(60), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public RateLimit? RateLimit { get; init; }

    /// <summary>Whether a model that our own trainer did not make runs in the worker all the same.</summary>
    [Id(50), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public bool Trusted { get; init; }

    /// <summary>Seconds one execution may take; null: as the worker says.</summary>
    [Id(51)] public double? HangSeconds { get; init; }

    /// <summary>The process of its own, with its limits; null: it has none.</summary>
    [Id(75), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public ProcessSpec? Process { get; init; }

    /// <summary>Which requests are written to a dataset with their answers; null: none.</summary>
    [Id(80)] public PayloadLogSpec? PayloadLog { get; init; }

    /// <summary>The device its workers have; null: any.</summary>
    [Id(73)] public string? Device { get; init; }
}
