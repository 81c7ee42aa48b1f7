namespace OrleansDL.Serving;

/// <summary>A model that a worker has loaded.</summary>
[GenerateSerializer, Immutable, Alias("loaded-model")]
public sealed record LoadedModel
{
    [Id(0)] public required long Generation { get; init; }
    [Id(1)] public required Guid Deployment { get; init; }
    [Id(2)] public required string DeploymentName { get; init; }
    [Id(3)] public required string ModelName { get; init; }
    [Id(4)] public required long ModelVersion { get; init; }

    /// <summary>Bytes it takes, measured after its warm-up.</summary>
    [Id(5)] public required long Bytes { get; init; }

    /// <summary>Whether it is never evicted.</summary>
    [Id(6)] public bool Pinned { get; init; }

    /// <summary>Whether the deployment loads it on demand.</summary>
    [Id(7)] public bool OnDemand { get; init; }
    [Id(8)] public required DateTimeOffset LoadedAt { get; init; }
    [Id(9)] public required DateTimeOffset LastUsedAt { get; init; }

    /// <summary>Requests since it was loaded.</summary>
    [Id(10)] public long Requests { get; init; }

    /// <summary>Seconds that loading and warming it took.</summary>
    [Id(11)] public double LoadSeconds { get; init; }
}
