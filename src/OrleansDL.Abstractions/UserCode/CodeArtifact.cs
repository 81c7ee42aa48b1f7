namespace OrleansDL.UserCode;

/// <summary>Code of yours that runs can execute: a name and its versions.</summary>
[GenerateSerializer, Immutable, Alias("code-artifact")]
public sealed record CodeArtifact
{
    [Id(0)] public required Guid Id { get; init; }
    [Id(1)] public required string Project { get; init; }
    [Id(2)] public required string Name { get; init; }
    [Id(3)] public required long LatestVersion { get; init; }
    [Id(4)] public required DateTimeOffset CreatedAt { get; init; }
}
