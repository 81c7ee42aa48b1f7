namespace OrleansDL.Serving;

/// <summary>A replica that no longer answers and is still to be unloaded.</summary>
[GenerateSerializer, Immutable, Alias("retired-replica")]
internal sealed record RetiredReplica
{
    /// <summary>As <see cref="Worker"/>: whichever has it.</summary>
    public const string Anywhere = "*";

    [Id(0)] public long Generation { get; init; }
    [Id(1)] public string Worker { get; init; } = "";
}
