namespace OrleansDL.Expressions;

internal enum TypeKind
{
    /// <summary>Not known before evaluation, for example a member of JSON whose shape nobody declared.</summary>
    Dyn,
    Null,
    Bool,
    Int,
    Double,
    String,
    List,
    Map,
    Duration,
    Timestamp,
}
