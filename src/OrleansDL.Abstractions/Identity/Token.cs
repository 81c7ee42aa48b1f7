using System.Text.Json.Serialization;

namespace OrleansDL.Identity;

/// <summary>An access token without its secret.</summary>
[GenerateSerializer, Immutable, Alias("token")]
public sealed record Token
{
    [Id(0)] public required Guid Id { get; init; }

    /// <summary>Free text saying what the token is for.</summary>
    [Id(1)] public required string Title { get; init; }
    [Id(2)] public required Role Role { get; init; }

    /// <summary>The one project the token is good for, by name; null for all.</summary>
    [Id(3)] public string? Project { get; init; }
    [Id(4)] public required DateTimeOffset CreatedAt { get; init; }
    [Id(5)] public DateTimeOffset? ExpiresAt { get; init; }
    [Id(6)] public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>How many requests it may make for inference; null: any number.</summary>
    [Id(60), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public RateLimit? RateLimit { get; init; }
}
