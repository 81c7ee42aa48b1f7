namespace OrleansDL.Projects;

/// <summary>Asks for a new project, or changes one.</summary>
[GenerateSerializer, Immutable, Alias("project-spec")]
public sealed record ProjectSpec
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public string? Description { get; init; }
    [Id(2)] public bool PublicInference { get; init; }
}
