namespace OrleansDL.Workflows;

/// <summary>A workflow and its newest version.</summary>
[GenerateSerializer, Immutable, Alias("workflow")]
public sealed record Workflow
{
    [Id(0)] public required Guid Id { get; init; }
    [Id(1)] public required string Project { get; init; }
    [Id(2)] public required string Name { get; init; }
    [Id(3)] public required long Version { get; init; }

    /// <summary>SHA-256 of the definition's canonical form.</summary>
    [Id(4)] public required BlobId Digest { get; init; }

    /// <summary>The YAML as it was given.</summary>
    [Id(5)] public required string Definition { get; init; }

    /// <summary>Whether triggers start runs.</summary>
    [Id(6)] public required bool Enabled { get; init; }
    [Id(7)] public required DateTimeOffset CreatedAt { get; init; }
    [Id(8)] public required string ETag { get; init; }
}
