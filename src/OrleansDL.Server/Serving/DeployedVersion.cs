using System.Text.Json.Serialization;

namespace OrleansDL.Serving;

/// <summary>One version of a deployment: wanted, or still answering until what replaces it does.</summary>
[GenerateSerializer, Immutable, Alias("deployed-version")]
internal sealed record DeployedVersion
{
    [Id(0)] public WantedVersion Version { get; init; } = new();

    /// <summary>The change that brought it: one generation each.</summary>
    [Id(1)] public Guid Change { get; init; }

    /// <summary>Null until it was loaded once.</summary>
    [Id(2)] public ModelSignature? Signature { get; init; }
    [Id(3)] public IReadOnlyList<string> Workers { get; init; } = [];

    /// <summary>Why it could not be loaded.</summary>
    [Id(4)] public string? Error { get; init; }

    /// <summary>Wanted no longer.</summary>
    [Id(5)] public bool Leaving { get; init; }

    /// <summary>How long its generation took to load, in seconds; null until it was loaded.</summary>
    [Id(43), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public double? LoadSeconds { get; init; }

    /// <summary>What last went wrong with it on each worker; null: nothing did.</summary>
    [Id(50)] public IReadOnlyList<ReplicaTrouble>? Troubles { get; init; }

    /// <summary>Whether requests for it are answered. A version on demand was loaded once, and is again when it is asked for.</summary>
    [JsonIgnore]
    public bool Answers => Version.Ensemble is not null ? Signature is not null && Error is null
        : Version.OnDemand ? Signature is not null
        : Workers.Count > 0;

    [JsonIgnore]
    public long Number => Version.PublicNumber;

    [JsonIgnore]
    public long Generation => Version.Generation ?? 0;
}
