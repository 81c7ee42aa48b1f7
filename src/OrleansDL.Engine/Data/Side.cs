namespace OrleansDL.Data;

/// <summary>What a row is for.</summary>
internal enum Side
{
    Training,
    Validation,
    LeftOut,
}
