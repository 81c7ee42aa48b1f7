namespace OrleansDL.Serving;

[GenerateSerializer, Immutable, Alias("deployment-state")]
internal sealed record DeploymentState
{
    [Id(0)] public DeploymentStatus Status { get; init; } = DeploymentStatus.New;
    [Id(1)] public string Project { get; init; } = "";
    [Id(2)] public DeploymentSpec? Spec { get; init; }
    [Id(3)] public DateTimeOffset CreatedAt { get; init; }
    [Id(4)] public DateTimeOffset ChangedAt { get; init; }

    /// <summary>The last change asked for; <see cref="Changes"/> are the ones before it that may still be repeated.</summary>
    [Id(5)] public Guid Change { get; init; }
    [Id(6)] public IReadOnlyList<Guid> Changes { get; init; } = [];

    /// <summary>Grows with every change asked for: the ETag.</summary>
    [Id(7)] public long SpecRevision { get; init; }

    /// <summary>Grows with every write.</summary>
    [Id(8)] public long Revision { get; init; }

    /// <summary>What a deployment of one version wanted, before there could be several; read, and never written again.</summary>
    [Id(9)] public WantedVersion? Wanted { get; init; }

    /// <summary>What a deployment of one version served, before there could be several; read, and never written again.</summary>
    [Id(10)] public ServingGeneration? Serving { get; init; }
    [Id(11)] public IReadOnlyList<RetiredReplica> Retired { get; init; } = [];
    [Id(12)] public string? Reason { get; init; }

    /// <summary>The route as last decided.</summary>
    [Id(13)] public Route? Route { get; init; }

    /// <summary>The generation whose lineage was recorded last, before there could be several; read, and never written again.</summary>
    [Id(14)] public long RecordedGeneration { get; init; }

    /// <summary>The versions wanted, and those that answer until these do; highest number first.</summary>
    [Id(15)] public IReadOnlyList<DeployedVersion>? Versions { get; init; }

    /// <summary>Generations whose lineage says that they are live.</summary>
    [Id(16)] public IReadOnlyList<long>? Live { get; init; }

    /// <summary>Where the canary stands, if there is one.</summary>
    [Id(17)] public CanaryProgress? Canary { get; init; }
}
