namespace OrleansDL.Serving;

/// <summary>A replica that no longer answers and is still to be unloaded.</summary>
[GenerateSerializer, Immutable, Alias("retired-replica")]
internal sealed record RetiredReplica
{
    [Id(0)] public long Generation { get; init; }
    [Id(1)] public string Worker { get; init; } = "";
}
