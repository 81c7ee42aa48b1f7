namespace OrleansDL.Models;

/// <summary>Asks for a new model.</summary>
[GenerateSerializer, Immutable, Alias("model-spec")]
public sealed record ModelSpec
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public string? Description { get; init; }
}
