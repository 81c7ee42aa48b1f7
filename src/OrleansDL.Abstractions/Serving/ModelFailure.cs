namespace OrleansDL.Serving;

/// <summary>A generation that could not be loaded. Until it expires nobody tries again.</summary>
[GenerateSerializer, Immutable, Alias("model-failure")]
public sealed record ModelFailure
{
    [Id(0)] public required long Generation { get; init; }
    [Id(1)] public required string Reason { get; init; }
    [Id(2)] public required DateTimeOffset Until { get; init; }
}
