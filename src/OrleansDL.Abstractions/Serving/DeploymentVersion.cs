namespace OrleansDL.Serving;

/// <summary>One version of a deployment as it stands now.</summary>
[GenerateSerializer, Immutable, Alias("deployment-version")]
public sealed record DeploymentVersion
{
    /// <summary>The number callers know it by.</summary>
    [Id(0)] public required long Number { get; init; }

    /// <summary>Its number in the registry; the same, unless the deployment was made from a model repository's folder.</summary>
    [Id(1)] public required long ModelVersion { get; init; }
    [Id(2)] public required DeploymentStatus Status { get; init; }

    /// <summary>Its generation, part of every inference id; null before it has one.</summary>
    [Id(3)] public long? Generation { get; init; }
    [Id(4)] public IReadOnlyList<string> Workers { get; init; } = [];
    [Id(5)] public string? Reason { get; init; }

    /// <summary>Whether it is wanted no longer and only answers until what replaces it does.</summary>
    [Id(6)] public bool Leaving { get; init; }
}
