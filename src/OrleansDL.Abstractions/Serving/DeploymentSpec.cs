using System.Text.Json.Serialization;

namespace OrleansDL.Serving;

/// <summary>Asks for a deployment, or changes one.</summary>
[GenerateSerializer, Immutable, Alias("deployment-spec")]
public sealed record DeploymentSpec
{
    [Id(0)] public required string Name { get; init; }

    /// <summary>Model version reference: <c>name</c> (newest), <c>name@3</c>, <c>name@alias</c>; resolved when set, but an alias is followed when it moves. Empty for an ensemble.</summary>
    [Id(1)] public string Model { get; init; } = "";

    /// <summary>Workers that serve it, 1 to 64; fewer workers serve it while there are fewer.</summary>
    [Id(2)] public int Replicas { get; init; } = 1;

    /// <summary>Whether it answers inference without a token.</summary>
    [Id(3)] public bool Public { get; init; }

    /// <summary>How requests are run together; null: each for itself, at once.</summary>
    [Id(4)] public BatchingSpec? Batching { get; init; }

    /// <summary>How sequences of requests are kept apart and run together; null: requests have nothing to do with one another.</summary>
    [Id(25)] public SequenceSpec? Sequence { get; init; }

    /// <summary>Which versions of the model are served at the same time, and followed; null: the one that <see cref="Model"/> names when this is set.</summary>
    [Id(5)] public VersionPolicy? Versions { get; init; }

    /// <summary>The registry's version behind each number callers know, where a model repository's folder gives the numbers; null: they are the same.</summary>
    [Id(6)] public IReadOnlyDictionary<long, long>? Numbers { get; init; }

    /// <summary>Whether nothing is loaded: the deployment keeps its name and settings, and answers nobody.</summary>
    [Id(7), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public bool Unloaded { get; init; }

    /// <summary>How callers see the tensors, where a model repository's configuration says so; null: as the model has them.</summary>
    [Id(8)] public ServedConfiguration? Configuration { get; init; }

    /// <summary>Which version answers a request that names none; null: the highest that is ready.</summary>
    [Id(9)] public TrafficSpec? Traffic { get; init; }

    /// <summary>A graph of other deployments that is served instead of a model; null: a model is.</summary>
    [Id(70)] public EnsembleSpec? Ensemble { get; init; }

    /// <summary>How answers are kept for equal requests; null: they are not.</summary>
    [Id(71)] public ResponseCacheSpec? Cache { get; init; }

    /// <summary>Whether callers of the inference protocol send raw rows to the artifact's pipeline and get labels, rather than the network's own tensors.</summary>
    [Id(72), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public bool Raw { get; init; }

    /// <summary>How its models come and go with the requests; null: they stay loaded.</summary>
    [Id(40)] public ResidencySpec? Residency { get; init; }

    /// <summary>How many requests its callers together may make; null: any number.</summary>
    [Id(60), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public RateLimit? RateLimit { get; init; }

    /// <summary>Whether a model that our own trainer did not make runs in the worker all the same, not in a process of its own: faster, and a fault of it
    /// takes the worker down.</summary>
    [Id(50), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public bool Trusted { get; init; }

    /// <summary>Seconds one execution may take, 0.1 to 86400; then it is ended. Null: the worker's <c>Serving:HangSeconds</c>.</summary>
    [Id(51)] public double? HangSeconds { get; init; }

    /// <summary>A process of its own for its models, with limits; null: its project's process of isolated models where they run apart, else the worker's.</summary>
    [Id(75), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public ProcessSpec? Process { get; init; }

    /// <summary>Which requests are written to a dataset with their answers; null: none.</summary>
    [Id(80)] public PayloadLogSpec? PayloadLog { get; init; }

    /// <summary>The device its workers have: <c>any</c>, <c>cpu</c>, <c>cuda</c>, or <c>cuda:N</c>; null: any.</summary>
    [Id(73)] public string? Device { get; init; }

    /// <summary>Whether what is served moves on without a change of this: by a policy, or by an alias of the model.</summary>
    [JsonIgnore]
    public bool Follows => Versions is not null || NamesAlias(Model);

    /// <summary>The settings alone, without what says which versions answer.</summary>
    public DeploymentSpec WithoutVersions() => this with { Versions = null, Numbers = null, Configuration = null, Traffic = null, Unloaded = false };

    /// <summary>Whether a model version reference is by an alias, rather than by a number or <c>latest</c>.</summary>
    public static bool NamesAlias(string model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var at = model.LastIndexOf('@');
        return at >= 0 && model[(at + 1)..] is not "latest" and var version && !version.All(char.IsAsciiDigit);
    }
}
