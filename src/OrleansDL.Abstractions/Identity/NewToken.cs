namespace OrleansDL.Identity;

/// <summary>A new token with its secret, which is shown this once and stored only as a SHA-256.</summary>
[GenerateSerializer, Immutable, Alias("new-token")]
public sealed record NewToken
{
    [Id(0)] public required Token Token { get; init; }
    [Id(1)] public required string Secret { get; init; }
}
