namespace OrleansDL.Expressions;

/// <summary>One word of an expression. For a string, <paramref name="Text"/> is its value.</summary>
internal readonly record struct Token(TokenKind Kind, string Text, int Start, int End)
{
    public bool Is(string symbol) => Kind == TokenKind.Symbol && Text == symbol;

    public string Describe() => Kind == TokenKind.End ? "the end" : $"'{Text}'";
}
