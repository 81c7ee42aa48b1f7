namespace OrleansDL.Serving;

/// <summary>How a model continues texts.</summary>
[GenerateSerializer, Immutable, Alias("generation-facts")]
public sealed record GenerationFacts
{
    /// <summary>Tokens of a text at most, those given and those added.</summary>
    [Id(0)] public required int MaximumTokens { get; init; }

    /// <summary>Whether keys and values of earlier tokens are kept; else the whole text is computed for each token.</summary>
    [Id(1)] public required bool Cached { get; init; }
}
