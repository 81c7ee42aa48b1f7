namespace OrleansDL.Pipelines.Tokens;

/// <summary>Turns text into numbers: 0 is padding, 1 a word that training did not keep or the end of a text, tokens are from 2. Any number of threads may use it.</summary>
internal abstract class Tokenizer
{
    public const int Padding = 0;

    /// <summary>A word that is not known, where tokens are words.</summary>
    public const int Unknown = 1;

    /// <summary>The end of a text, where tokens are bytes and no word can be unknown.</summary>
    public const int End = 1;
    public const int First = 2;

    public const string Words = "words";
    public const string Split = "split";
    public const string Bytes = "bytes";
    public const string Pairs = "bpe";

    /// <summary>Numbers there are, padding and unknown included.</summary>
    public abstract int Count { get; }

    /// <summary>The tokens of a text, as many as there is room for.</summary>
    /// <returns>How many were written.</returns>
    public abstract int Encode(string text, Span<long> tokens);

    /// <summary>The text of tokens. Padding and the end are nothing.</summary>
    public abstract string Decode(ReadOnlySpan<long> tokens);
}
