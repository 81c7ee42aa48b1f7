namespace OrleansDL.Models;

/// <summary>The version an alias is to name.</summary>
internal sealed record AliasTarget
{
    public required long Version { get; init; }
}
