namespace OrleansDL.UserCode;

/// <summary>A secret of a project, without its value: nothing shows that.</summary>
[GenerateSerializer, Immutable, Alias("project-secret")]
public sealed record ProjectSecret
{
    /// <summary>The variable by which code that asks for it gets it.</summary>
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it got the value it has.</summary>
    [Id(2)] public required DateTimeOffset UpdatedAt { get; init; }
}
