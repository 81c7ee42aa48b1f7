namespace OrleansDL.Models;

/// <summary>A registered model: a name and its versions.</summary>
[GenerateSerializer, Immutable, Alias("model")]
public sealed record Model
{
    [Id(0)] public required Guid Id { get; init; }
    [Id(1)] public required string Project { get; init; }
    [Id(2)] public required string Name { get; init; }
    [Id(3)] public string? Description { get; init; }
    [Id(4)] public required long LatestVersion { get; init; }

    /// <summary>Version each alias names, for example <c>production</c>.</summary>
    [Id(5)] public required IReadOnlyDictionary<string, long> Aliases { get; init; }
    [Id(6)] public required DateTimeOffset CreatedAt { get; init; }
    [Id(7)] public required string ETag { get; init; }
}
