namespace OrleansDL.Projects;

/// <summary>A namespace for datasets, runs, models, deployments and workflows.</summary>
[GenerateSerializer, Immutable, Alias("project")]
public sealed record Project
{
    public const string Default = "default";

    [Id(0)] public required Guid Id { get; init; }
    [Id(1)] public required string Name { get; init; }
    [Id(2)] public string? Description { get; init; }
    [Id(3)] public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Whether the project's deployments answer inference without a token.</summary>
    [Id(4)] public bool PublicInference { get; init; }
}
