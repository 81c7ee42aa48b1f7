namespace OrleansDL.Expressions;

internal enum TokenKind
{
    End,
    Int,
    Double,
    String,
    Name,
    Symbol,
}
