namespace OrleansDL.Serving;

/// <summary>The next part of a text that a model continues.</summary>
[GenerateSerializer, Immutable, Alias("generate-piece")]
public sealed record GeneratePiece
{
    /// <summary>Text that follows the parts before; empty where a token does not complete a character, or may be the beginning of a text to stop at.</summary>
    [Id(0)] public required string Text { get; init; }

    /// <summary>Tokens added so far.</summary>
    [Id(1)] public required int Tokens { get; init; }

    /// <summary>Tokens of the text that was given.</summary>
    [Id(2)] public required int GivenTokens { get; init; }

    /// <summary>Why this part is the last; null: more follow.</summary>
    [Id(3)] public GenerateEnd? End { get; init; }
}
