using System.Text.Json.Serialization;

namespace OrleansDL.Identity;

/// <summary>Asks for a new token.</summary>
[GenerateSerializer, Immutable, Alias("token-spec")]
public sealed record TokenSpec
{
    [Id(0)] public required string Title { get; init; }
    [Id(1)] public required Role Role { get; init; }
    [Id(2)] public string? Project { get; init; }

    /// <summary>Seconds until the token expires; null for never.</summary>
    [Id(3)] public double? ExpiresInSeconds { get; init; }

    /// <summary>How many requests it may make for inference; null: any number.</summary>
    [Id(60), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public RateLimit? RateLimit { get; init; }
}
