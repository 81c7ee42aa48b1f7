namespace OrleansDL.Collectives;

/// <summary>What the ranks do together. Each says so before it does it, so that ranks that are not at the same place find out.</summary>
internal enum Operation
{
    Sum = 1,
    Broadcast = 2,
    Gather = 3,
}
