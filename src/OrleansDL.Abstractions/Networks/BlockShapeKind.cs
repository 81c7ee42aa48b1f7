namespace OrleansDL.Networks;

internal enum BlockShapeKind
{
    Row,
    Image,
    Tokens,
    Series,
}
